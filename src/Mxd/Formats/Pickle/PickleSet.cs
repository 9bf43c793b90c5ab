namespace Mxd.Formats.Pickle;

/// <summary>A <c>set</c> or <c>frozenset</c>, in the order of the file. Read only: protocol 2, which is written, has none.</summary>
public sealed class PickleSet : PickleContainer
{
    private List<PickleValue>? items;

    internal PickleSet(params ReadOnlySpan<PickleValue> items) => Add(items);

    public IReadOnlyList<PickleValue> Items => items ?? (IReadOnlyList<PickleValue>)[];

    internal override string Kind => $"a set of {Items.Count}";

    internal override int ChildCount => items?.Count ?? 0;

    internal void Add(params ReadOnlySpan<PickleValue> more)
    {
        if (more.Length > 0) (items ??= []).AddRange(more);
    }

    internal override PickleValue Child(int index) => items![index];
}
