namespace Mxd.Formats.Pickle;

/// <summary>An instance of a Python class as the class's name and the fields' values; nothing of the class is looked up or run.</summary>
public sealed class PickleRecord(PickleGlobal type) : PickleContainer
{
    public PickleGlobal Type { get; } = type;

    /// <summary>What the class's <c>__new__</c> would be given; empty for most classes.</summary>
    public PickleTuple Arguments { get; init; } = PickleTuple.Empty;

    /// <summary>The instance's <c>__dict__</c>.</summary>
    public PickleDict Fields { get; set; } = new();

    internal override string Kind => $"an instance of {Shown.Name(Type.ToString())}";

    internal override int ChildCount => 2;

    internal override PickleValue Child(int index) => index == 0 ? Arguments : Fields;
}
