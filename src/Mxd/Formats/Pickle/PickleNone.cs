namespace Mxd.Formats.Pickle;

/// <summary>Python's <c>None</c>.</summary>
public sealed class PickleNone : PickleValue
{
    private PickleNone()
    {
    }

    public static PickleNone Value { get; } = new();

    internal override string Kind => "None";
}
