namespace Mxd.Formats.Pickle;

/// <summary>A <c>list</c>.</summary>
public sealed class PickleList : PickleContainer
{
    private List<PickleValue>? items;

    public PickleList(params ReadOnlySpan<PickleValue> items) => Append(items);

    public IReadOnlyList<PickleValue> Items => items ?? (IReadOnlyList<PickleValue>)[];

    internal override string Kind => $"a list of {Items.Count}";

    internal override int ChildCount => items?.Count ?? 0;

    public void Append(params ReadOnlySpan<PickleValue> more)
    {
        if (more.Length > 0) (items ??= []).AddRange(more);
    }

    internal override PickleValue Child(int index) => items![index];
}
