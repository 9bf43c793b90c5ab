namespace Mxd.Formats.Blocks;

/// <summary>
/// How a GGUF file stores a run of numbers: in blocks of fixed length, each with its own scale. All numbers are little-endian.
/// </summary>
internal interface IBlockFormat
{
    /// <summary>Numbers in one block.</summary>
    int BlockElements { get; }

    /// <summary>Bytes of one block.</summary>
    int BlockBytes { get; }

    /// <summary>
    /// Turns whole blocks into float32: <paramref name="values"/> has <see cref="BlockElements"/> for every
    /// <see cref="BlockBytes"/> of <paramref name="blocks"/>.
    /// </summary>
    void Dequantise(ReadOnlySpan<byte> blocks, Span<float> values);
}
