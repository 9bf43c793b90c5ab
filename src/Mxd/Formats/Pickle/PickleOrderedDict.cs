namespace Mxd.Formats.Pickle;

/// <summary>A <c>collections.OrderedDict</c>, such as a state dictionary.</summary>
public sealed class PickleOrderedDict : PickleDict
{
    /// <summary>Python attributes of the dictionary; a state dictionary of torch has <c>_metadata</c>, its modules' versions.</summary>
    public PickleDict? Attributes { get; set; }

    internal override string Kind => $"an OrderedDict of {Count}";

    internal override int ChildCount => base.ChildCount + (Attributes is null ? 0 : 1);

    internal override PickleValue Child(int index) => index < base.ChildCount ? base.Child(index) : Attributes!;
}
