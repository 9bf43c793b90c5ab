using Mxd.Runtime;

namespace Mxd.Layers;

/// <summary>Units and hidden width of a layer; null where its type has none.</summary>
public sealed record PublishedSize(long? Units, long? Hidden);

/// <summary>Published mixtures of one hidden width: the number of experts for each multiplier.</summary>
public sealed record PublishedMixtures(long Hidden, IReadOnlyDictionary<long, long> Experts);

/// <summary>
/// The language models, layers and sizes of the published runs (arXiv 2505.21364). A multiplier m stands for a transcoder with I m latents;
/// the mixture beside it has about as many parameters.
/// </summary>
/// <remarks>
/// Only about: the published expert numbers N = ⌊(2 I · I m - 2 I H) / (2 I + 1)⌋ count the hidden bias as if it had the transcoder's I m
/// values instead of H. Such a mixture is I m - H parameters (and the rounding, under 2 I + 1) smaller than the transcoder: 0.015 % to 0.061 %.
/// That of Llama with a gate counts H and is the exact match. <see cref="ParameterBudget"/> gives exact matches for all.
/// </remarks>
/// <param name="Name">As options name it.</param>
/// <param name="Model">The language model's id on the Hugging Face hub.</param>
/// <param name="Layer">Whose MLP is replaced, from 0.</param>
/// <param name="InputWidth">I, which is also the output's width.</param>
/// <param name="Mixtures">Mixtures without a gate on the hidden layer.</param>
/// <param name="GatedMixtures">With one; null where none was published.</param>
/// <param name="Type">Kind of layer that the preset stands for where none is named.</param>
public sealed record PublishedPreset(
    string Name, string Model, int Layer, long InputWidth, PublishedMixtures Mixtures, PublishedMixtures? GatedMixtures = null, string Type = "mxd")
{
    private static readonly PublishedPreset llama = new(
        "llama-3.2-3b", "meta-llama/Llama-3.2-3B", 15, 3072, Sizes(8202, (32, 90087)), Sizes(8192, (32, 86015)));

    public static IReadOnlyList<PublishedPreset> All { get; } =
    [
        new("gpt2-124m", "gpt2", 8, 768, Sizes(3072, (8, 3070), (16, 9210), (32, 21490), (64, 46050))),
        new("pythia-410m", "EleutherAI/pythia-410m", 15, 1024, Sizes(4096, (32, 28658))),
        new("pythia-1.4b", "EleutherAI/pythia-1.4b", 15, 2048, Sizes(8192, (32, 57330))),
        llama,
        llama with { Name = "llama-3.2-3b-glu", Type = "glu-mxd" },
    ];

    public static IReadOnlyList<string> Names => [.. All.Select(p => p.Name)];

    /// <exception cref="MxdInputException">The name is none of <see cref="Names"/>.</exception>
    public static PublishedPreset Get(string name) =>
        All.FirstOrDefault(p => p.Name == name)
        ?? throw new MxdInputException($"Preset '{name}' is not known; choose one of {string.Join(", ", Names)}.");

    /// <summary>The multipliers of its published runs.</summary>
    public IEnumerable<long> Multipliers => Mixtures.Experts.Keys;

    /// <summary>
    /// The size of a layer type beside the published runs with a multiplier: I m latents of every kind of transcoder and of an autoencoder; the
    /// mixture's hidden width for a dense control. Null where nothing was published (a mixture with a skip connection, another multiplier):
    /// match the parameters instead.
    /// </summary>
    public PublishedSize? Size(string type, long multiplier)
    {
        if (!Multipliers.Contains(multiplier)) return null;
        return type switch
        {
            "mxd" => Of(Mixtures),
            "glu-mxd" => GatedMixtures is { } gated ? Of(gated) : null,
            "dense" => new PublishedSize(null, Mixtures.Hidden),
            "linear" => new PublishedSize(null, null),
            "transcoder" or "glu-transcoder" or "skip-transcoder" or "glu-skip-transcoder" or "sae" => new PublishedSize(InputWidth * multiplier, null),
            _ => null,
        };

        PublishedSize Of(PublishedMixtures mixtures) => new(mixtures.Experts[multiplier], mixtures.Hidden);
    }

    private static PublishedMixtures Sizes(long hidden, params (long Multiplier, long Experts)[] experts) =>
        new(hidden, experts.ToDictionary(e => e.Multiplier, e => e.Experts));
}
