namespace Mxd.Formats.Pickle;

/// <summary>Equality of dictionary keys: texts and whole numbers by value.</summary>
internal sealed class PickleKeyComparer : IEqualityComparer<PickleValue>
{
    public static PickleKeyComparer Instance { get; } = new();

    public bool Equals(PickleValue? x, PickleValue? y) => (x, y) switch
    {
        (PickleText a, PickleText b) => a.Value == b.Value,
        (PickleInt a, PickleInt b) => a.Value == b.Value,
        _ => ReferenceEquals(x, y),
    };

    /// <summary>Both hashes are seeded by the process: a file cannot hold keys chosen to collide, which would take quadratic time.</summary>
    public int GetHashCode(PickleValue key) => key switch
    {
        PickleText text => text.Hash,
        PickleInt number => HashCode.Combine((int)number.Value, (int)(number.Value >> 32)),
        _ => 0,
    };
}
