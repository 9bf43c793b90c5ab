namespace Mxd.Formats.Pickle;

/// <summary>A value that holds others.</summary>
public abstract class PickleContainer : PickleValue
{
    private protected PickleContainer()
    {
    }

    /// <summary>How many values it holds that may be containers themselves.</summary>
    internal abstract int ChildCount { get; }

    internal abstract PickleValue Child(int index);
}
