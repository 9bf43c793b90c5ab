namespace Mxd.Interchange;

/// <summary>One tensor that a configuration promises.</summary>
/// <param name="Name">In the file.</param>
/// <param name="Key">The reference's, under which layers know it.</param>
/// <param name="Shape">In the file.</param>
internal sealed record ForeignTensor(string Name, string Key, params Extent[] Shape)
{
    /// <summary>Is it the transpose of what the reference's files hold?</summary>
    public bool IsTransposed { get; init; }

    /// <summary>Are infinite values meaningful? A threshold's are: that unit is always off, or never held back.</summary>
    public bool MayBeInfinite { get; init; }
}

/// <summary>A size of a tensor, and the field that says so.</summary>
/// <param name="Size">Elements.</param>
/// <param name="Fact">For errors: "d_sae is 64".</param>
internal sealed record Extent(long Size, string Fact);
