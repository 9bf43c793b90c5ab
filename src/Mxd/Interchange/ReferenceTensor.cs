namespace Mxd.Interchange;

/// <summary>One tensor of the published implementation's state dictionary.</summary>
/// <param name="Key">Its name there and here.</param>
/// <param name="Sizes">The fields of the configuration that give its sizes.</param>
internal sealed record ReferenceTensor(string Key, params string[] Sizes)
{
    /// <summary>Is it a view of its transpose, as the weight of a linear layer turned round is?</summary>
    public bool IsTransposedView { get; init; }
}
