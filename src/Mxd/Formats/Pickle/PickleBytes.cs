namespace Mxd.Formats.Pickle;

/// <summary>A <c>bytes</c>. Read only: protocol 2, which is written, has none.</summary>
public sealed class PickleBytes(ReadOnlyMemory<byte> value) : PickleValue
{
    public ReadOnlyMemory<byte> Value { get; } = value;

    internal override string Kind => $"a bytes of {Value.Length}";
}
