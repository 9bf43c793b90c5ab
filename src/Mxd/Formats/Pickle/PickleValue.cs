namespace Mxd.Formats.Pickle;

/// <summary>
/// A value out of a pickle, or one to be written into it. The kinds are the types of this folder and no others; classes that a pickle
/// names stay names (<see cref="PickleGlobal"/>, <see cref="PickleRecord"/>) and are never looked up. Values are compared by identity, as
/// a pickle shares them; what is read holds no value inside itself and nests at most <see cref="PickleGraph.Deepest"/> deep.
/// </summary>
public abstract class PickleValue
{
    private protected PickleValue()
    {
    }

    /// <summary>What it is in Python's words, with an article: <c>a str</c>. For messages.</summary>
    internal abstract string Kind { get; }

    public static implicit operator PickleValue(string value) => new PickleText(value);

    public static implicit operator PickleValue(long value) => new PickleInt(value);

    public static implicit operator PickleValue(double value) => new PickleFloat(value);

    public static implicit operator PickleValue(bool value) => PickleBool.Of(value);

    public override string ToString() => Kind;
}
