using Mxd.Hub;

namespace Mxd.LanguageModels;

/// <summary>A language model that people name: its id on the Hugging Face hub and its shape, so that what it needs can be said without it.</summary>
/// <param name="Id">On the hub.</param>
/// <param name="Family">The name of its <see cref="ModelFamily"/>.</param>
/// <param name="Config">Its shape, as its config.json says.</param>
/// <param name="IsGated">Must access be asked for on its page?</param>
public sealed record KnownModel(string Id, string Family, TransformerConfig Config, bool IsGated = false)
{
    public static IReadOnlyList<KnownModel> All { get; } =
    [
        Gpt2("distilgpt2", layers: 6, width: 768, heads: 12),
        Gpt2("gpt2", layers: 12, width: 768, heads: 12),
        Gpt2("gpt2-medium", layers: 24, width: 1024, heads: 16),
        Gpt2("gpt2-large", layers: 36, width: 1280, heads: 20),
        Gpt2("gpt2-xl", layers: 48, width: 1600, heads: 25),
        Pythia("EleutherAI/pythia-70m", layers: 6, width: 512, heads: 8),
        Pythia("EleutherAI/pythia-160m", layers: 12, width: 768, heads: 12),
        Pythia("EleutherAI/pythia-410m", layers: 24, width: 1024, heads: 16),
        Pythia("EleutherAI/pythia-1b", layers: 16, width: 2048, heads: 8),
        Pythia("EleutherAI/pythia-1.4b", layers: 24, width: 2048, heads: 16),
        Pythia("EleutherAI/pythia-2.8b", layers: 32, width: 2560, heads: 32),
        Smol("HuggingFaceTB/SmolLM2-135M", layers: 30, width: 576, heads: 9, keyHeads: 3, hidden: 1536),
        Smol("HuggingFaceTB/SmolLM2-360M", layers: 32, width: 960, heads: 15, keyHeads: 5, hidden: 2560),
        Smol("HuggingFaceTB/SmolLM2-1.7B", layers: 24, width: 2048, heads: 32, keyHeads: 32, hidden: 8192),
        Llama("meta-llama/Llama-3.2-1B", layers: 16, width: 2048, heads: 32, hidden: 8192),
        Llama("meta-llama/Llama-3.2-3B", layers: 28, width: 3072, heads: 24, hidden: 8192),
        Llama("meta-llama/Llama-3.1-8B", layers: 32, width: 4096, heads: 32, hidden: 14336, factor: 8, isTied: false),
    ];

    /// <summary>
    /// The hub id of the model that another project's files name, or null where that is not clear. TransformerLens calls models by the last part of
    /// their ids, and <c>gpt2</c> by the name <c>gpt2-small</c>.
    /// </summary>
    public static string? FindId(string name)
    {
        if (name.Contains('/', StringComparison.Ordinal)) return HubId.TryParse(name, out _) ? name : null;
        if (name == "gpt2-small") return "gpt2";
        if (name.StartsWith("pythia-", StringComparison.Ordinal)) return "EleutherAI/" + name;
        return All.FirstOrDefault(m => string.Equals(m.Id[(m.Id.LastIndexOf('/') + 1)..], name, StringComparison.OrdinalIgnoreCase))?.Id;
    }

    private static KnownModel Gpt2(string id, int layers, int width, int heads) => new(
        id,
        "gpt2",
        new TransformerConfig(layers, width, heads, heads, width / heads, 4 * width, Vocabulary: 50257, ContextLength: 1024, NormEpsilon: 1e-5f, "gelu-tanh") { IsTied = true });

    private static KnownModel Pythia(string id, int layers, int width, int heads) => new(
        id,
        "gpt_neox",
        new TransformerConfig(layers, width, heads, heads, width / heads, 4 * width, Vocabulary: 50304, ContextLength: 2048, NormEpsilon: 1e-5f, "gelu")
        {
            Rotary = new RotaryConfig(width / heads / 4, 10_000f),
            IsParallel = true,
        });

    private static KnownModel Smol(string id, int layers, int width, int heads, int keyHeads, int hidden) => new(
        id,
        "llama",
        Gated(layers, width, heads, keyHeads, hidden, vocabulary: 49152, contextLength: 8192, new RotaryConfig(width / heads, width == 2048 ? 130_000f : 100_000f)) with { IsTied = true });

    private static KnownModel Llama(string id, int layers, int width, int heads, int hidden, double factor = 32, bool isTied = true)
    {
        var rotary = new RotaryConfig(width / heads, 500_000f, new RotaryScaling.Llama3(factor, LowFrequency: 1, HighFrequency: 4, OriginalContext: 8192));
        return new(id, "llama", Gated(layers, width, heads, 8, hidden, vocabulary: 128256, contextLength: 131072, rotary) with { IsTied = isTied }, IsGated: true);
    }

    private static TransformerConfig Gated(int layers, int width, int heads, int keyHeads, int hidden, int vocabulary, int contextLength, RotaryConfig rotary) =>
        new(layers, width, heads, keyHeads, width / heads, hidden, vocabulary, contextLength, NormEpsilon: 1e-5f, "silu")
        {
            Rotary = rotary,
            HasLayerNorm = false,
            IsGated = true,
            HasAttentionBias = false,
            HasMlpBias = false,
        };
}
