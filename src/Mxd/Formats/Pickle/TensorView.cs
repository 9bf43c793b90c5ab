namespace Mxd.Formats.Pickle;

/// <summary>Which elements of a storage a tensor has; all figures count elements.</summary>
internal sealed record TensorView(long Offset, long[] Shape, long[] Strides)
{
    public bool IsEmpty => Shape.Contains(0);

    /// <summary>Elements from the first to the last in memory, both included; the strides may leave some of them out.</summary>
    public long Extent
    {
        get
        {
            if (IsEmpty) return 0;
            long last = 0;
            for (int d = 0; d < Shape.Length; d++) last += (Shape[d] - 1) * Strides[d];
            return last + 1;
        }
    }

    /// <summary>Whether the elements stand in the order of the shape without gaps.</summary>
    public bool IsContiguous
    {
        get
        {
            long expected = 1;
            for (int d = Shape.Length - 1; d >= 0; d--)
            {
                if (Shape[d] != 1 && Strides[d] != expected) return false;
                expected *= Shape[d];
            }
            return true;
        }
    }

    public static TensorView Contiguous(ReadOnlySpan<long> shape)
    {
        long[] strides = new long[shape.Length];
        long next = 1;
        for (int d = shape.Length - 1; d >= 0; d--)
        {
            strides[d] = next;
            next *= Math.Max(1, shape[d]);
        }
        return new TensorView(0, shape.ToArray(), strides);
    }

    /// <summary>Why it is no view of a storage of <paramref name="count"/> elements, or null where it is one.</summary>
    public string? Fault(long count)
    {
        if (Shape.Length > TensorSizes.MostDimensions) return $"has {Shape.Length} dimensions, more than {TensorSizes.MostDimensions}";
        if (Shape.Length != Strides.Length) return $"has {Shape.Length} sizes but {Strides.Length} strides";
        if (Offset < 0 || Shape.Any(size => size < 0) || Strides.Any(stride => stride < 0))
            return $"has a negative number among offset {Offset}, sizes [{string.Join(", ", Shape)}] and strides [{string.Join(", ", Strides)}]";
        if (!TensorSizes.TryCount(Shape, out long elements)) return $"has the sizes [{string.Join(", ", Shape)}], more elements than a 64-bit number counts";
        if (elements > count) return $"has {elements} elements [{string.Join(", ", Shape)}], but its storage only {count}";
        Int128 end = Offset;
        for (int d = 0; d < Shape.Length && !IsEmpty && end <= count; d++) end += (Int128)(Shape[d] - 1) * Strides[d];
        bool inside = IsEmpty ? end <= count : end < count;
        return inside ? null : $"reaches beyond its storage of {count} elements with offset {Offset}, sizes [{string.Join(", ", Shape)}] and strides [{string.Join(", ", Strides)}]";
    }
}
