namespace Mxd.Figures;

/// <summary>What a figure calls a language model.</summary>
internal static class ModelName
{
    /// <summary>A file's or folder's own name, or an id of the hub.</summary>
    public static string Of(string id) =>
        id.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) ? Path.GetFileNameWithoutExtension(id) : Path.IsPathRooted(id) ? Path.GetFileName(id) : id;
}
