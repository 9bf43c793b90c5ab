namespace Mxd.Formats;

/// <summary>Sizes out of a header multiplied without wrapping around.</summary>
internal static class TensorSizes
{
    /// <summary>Torch allows no more dimensions than this in many of its operations.</summary>
    public const int MostDimensions = 64;

    /// <summary>
    /// Number of elements of a shape of non-negative sizes. False when it exceeds a signed 64-bit number, with sizes of 0 counted as 1:
    /// torch multiplies strides that way, so such a shape overflows there although it holds nothing.
    /// </summary>
    public static bool TryCount(IReadOnlyList<long> shape, out long elements)
    {
        elements = 0;
        Int128 product = 1;
        bool empty = false;
        foreach (long size in shape)
        {
            empty |= size == 0;
            product *= Math.Max(1, size);
            if (product > long.MaxValue) return false;
        }
        elements = empty ? 0 : (long)product;
        return true;
    }
}
