using Mxd.LanguageModels;

namespace Mxd.Interchange;

/// <summary>
/// What another project's file said about a layer, kept so that the layer goes back to that project as it came: its configuration letter by
/// letter, and the element types of its tensors.
/// </summary>
/// <param name="Format">A name of <see cref="LayerFormats"/>.</param>
/// <param name="Source">The path it was read from.</param>
/// <param name="Config">The text of the configuration file.</param>
public sealed record ImportedFrom(string Format, string Source, string Config)
{
    /// <summary>The language model, as the configuration calls it; no more than a name.</summary>
    public string? ModelName { get; init; }

    /// <summary>Hook point the layer reads, where the file or the person importing it says.</summary>
    public string? Input { get; init; }

    /// <summary>Hook point it replaces.</summary>
    public string? Output { get; init; }

    /// <summary>Tokens a context during training, where the file says.</summary>
    public int? ContextLength { get; init; }

    /// <summary>Did each context of training begin with a first token, where the file says?</summary>
    public bool? HasFirstToken { get; init; }

    /// <summary>The language model that the person importing it named and that it was checked against.</summary>
    public ModelIdentity? Model { get; init; }

    /// <summary>Element types of tensors that were not float32, by name: <c>F16</c>, <c>BF16</c>.</summary>
    public IReadOnlyDictionary<string, string>? Dtypes { get; init; }

    /// <summary>The metadata of the file of weights.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    /// <summary>The hook point that the file names and mxd does not have; the layer's place is open then.</summary>
    public string? UnknownPlace { get; init; }

    /// <summary>Did the person importing it name other hook points than the file? The file's configuration still has its own.</summary>
    public bool IsMoved { get; init; }

    /// <summary>Fields that mxd does not know: kept, and without effect here.</summary>
    public IReadOnlyList<string>? UnknownFields { get; init; }
}
