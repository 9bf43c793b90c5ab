namespace Mxd.Formats;

/// <summary>A safetensors header, checked against itself; offsets in the entries are positions in the file.</summary>
internal sealed record SafetensorsHeader(IReadOnlyDictionary<string, string> Metadata, IReadOnlyDictionary<string, TensorEntry> Tensors)
{
    /// <summary>The one name that is not a tensor's.</summary>
    public const string MetadataKey = "__metadata__";
}
