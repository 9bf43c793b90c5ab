namespace Mxd.Formats.Pickle;

/// <summary>Python's <c>True</c> or <c>False</c>.</summary>
public sealed class PickleBool : PickleValue
{
    private static readonly PickleBool yes = new(true), no = new(false);

    private PickleBool(bool value) => Value = value;

    public bool Value { get; }

    internal override string Kind => $"the bool {this}";

    public static PickleBool Of(bool value) => value ? yes : no;

    public override string ToString() => Value ? "True" : "False";
}
