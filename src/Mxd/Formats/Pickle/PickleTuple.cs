namespace Mxd.Formats.Pickle;

/// <summary>A <c>tuple</c>.</summary>
public sealed class PickleTuple(params PickleValue[] items) : PickleContainer
{
    public static PickleTuple Empty { get; } = new();

    public IReadOnlyList<PickleValue> Items { get; } = items;

    internal override string Kind => $"a tuple of {Items.Count}";

    internal override int ChildCount => Items.Count;

    internal override PickleValue Child(int index) => Items[index];
}
