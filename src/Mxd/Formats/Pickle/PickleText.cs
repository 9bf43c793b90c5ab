namespace Mxd.Formats.Pickle;

/// <summary>A <c>str</c>.</summary>
public sealed class PickleText(string value) : PickleValue
{
    private int? hash;

    public string Value { get; } = value;

    internal override string Kind => $"the str {Shown.Name(Value)}";

    /// <summary>Computed once: a file may use one text of megabytes as a key of a million dictionaries.</summary>
    internal int Hash => hash ??= Value.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => Value;
}
