using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Mxd.Activations;

/// <summary>
/// Token ids as contexts of one length, end to end in blocks of whole contexts, so that they may be more than one array holds.
/// Made by <see cref="Packing"/>; not changed afterwards.
/// </summary>
public sealed class PackedContexts
{
    private readonly IReadOnlyList<int[]> blocks;
    private readonly int contextsPerBlock;

    internal PackedContexts(IReadOnlyList<int[]> blocks, int contextsPerBlock, long count, int contextLength)
    {
        this.blocks = blocks;
        this.contextsPerBlock = contextsPerBlock;
        Count = count;
        ContextLength = contextLength;
    }

    /// <summary>The number of contexts, at least 1.</summary>
    public long Count { get; }

    /// <summary>Tokens a context, the first token included.</summary>
    public int ContextLength { get; }

    /// <summary>All tokens: contexts times their length.</summary>
    public long TokenCount => Count * ContextLength;

    /// <summary>The tokens of context <paramref name="index"/>: [T].</summary>
    public ReadOnlySpan<int> this[long index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
            (long block, long inBlock) = Math.DivRem(index, contextsPerBlock);
            return blocks[(int)block].AsSpan((int)inBlock * ContextLength, ContextLength);
        }
    }

    /// <summary>SHA-256 of the tokens of the first <paramref name="contexts"/> contexts, or of all where there are fewer: what was measured on the same tokens has the same.</summary>
    public string Hash(long contexts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(BitConverter.GetBytes(ContextLength));
        for (long i = 0; i < Math.Min(contexts, Count); i++) hash.AppendData(MemoryMarshal.AsBytes(this[i]));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Copies contexts <paramref name="first"/> to <paramref name="first"/> + count - 1, end to end: [count, T] in row-major order.</summary>
    public void CopyTo(long first, int count, Span<int> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        for (int index = 0; index < count; index++)
            this[first + index].CopyTo(destination[(index * ContextLength)..]);
    }
}
