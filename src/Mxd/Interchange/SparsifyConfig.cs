using Mxd.Layers;
using Mxd.Runtime;

namespace Mxd.Interchange;

/// <summary>What the <c>cfg.json</c> of sparsify says. Fields that older versions did not have are what sparsify takes them for: absent.</summary>
internal sealed class SparsifyConfig
{
    /// <summary>Fields that change the formula in ways no layer here has: they must be off.</summary>
    private static readonly string[] formulaSwitches = ["signed", "embed_skip", "gram_lookup"];

    private static readonly HashSet<string> known = new(StringComparer.Ordinal)
    {
        "activation", "expansion_factor", "normalize_decoder", "num_latents", "k", "multi_topk", "skip_connection", "transcode", "d_in",
    };

    private readonly ForeignConfig config;

    private SparsifyConfig(ForeignConfig config)
    {
        this.config = config;
        Options = ReadOptions();
        foreach (string name in formulaSwitches)
            if (!config.IsOff(name)) throw config.Wrong(name, "that changes the formula in a way no layer here has");
        foreach (string name in config.Names.Except(known))
            if (config.IsTrue(name)) throw config.Wrong(name, "the field is not known here and may change the formula: remove it if it does not");
    }

    public LayerOptions Options { get; }

    /// <exception cref="MxdInputException">A field contradicts another, or has a value that is not known here.</exception>
    public static SparsifyConfig Read(ForeignConfig config) => new(config);

    /// <summary>What is kept of it in a saved layer.</summary>
    public ImportedFrom Keep(string format, string source)
    {
        string[] unknown = [.. config.Names.Except(known).Except(formulaSwitches).Where(name => !config.IsOff(name))];
        return new ImportedFrom(format, source, config.Text) { UnknownFields = unknown.Length > 0 ? unknown : null };
    }

    /// <summary>The tensors of such a layer.</summary>
    public ForeignTensors Tensors() => Tensors(Options, LatentsFact());

    /// <param name="layer">Of a type that sparsify has.</param>
    /// <param name="latents">For errors: "num_latents is 64".</param>
    public static ForeignTensors Tensors(LayerOptions layer, string latents)
    {
        Extent width = new(layer.InputWidth, $"d_in is {layer.InputWidth}"), units = new(layer.Units, latents);
        List<ForeignTensor> tensors =
        [
            new("encoder.weight", "W_enc", units, width) { IsTransposed = true },
            new("encoder.bias", "b_enc", units),
            new("W_dec", "W_dec", units, width),
            new("b_dec", layer.Type == "sae" ? "b_dec" : "b_dec_out", width),
        ];
        if (layer.Type == "skip-transcoder") tensors.Add(new ForeignTensor("W_skip", "W_skip.weight", width, width));
        return new ForeignTensors($"a sparse coder with skip_connection {(layer.Type == "skip-transcoder" ? "true" : "false")}", tensors);
    }

    private LayerOptions ReadOptions()
    {
        string activation = config.Choice("activation", ["topk", "groupmax"], "topk");
        bool transcodes = config.Flag("transcode", false), skips = config.Flag("skip_connection", false);
        if (skips && !transcodes) throw config.Wrong("skip_connection", "transcode is false, and an SAE with a skip connection is no layer type here");
        // Both concern the loss and the updates of training alone.
        config.Flag("multi_topk", false);
        config.Flag("normalize_decoder", true);
        int k = (int)config.Whole("k", most: int.MaxValue);
        long width = config.Whole("d_in");
        var options = new LayerOptions
        {
            Type = skips ? "skip-transcoder" : transcodes ? "transcoder" : "sae",
            InputWidth = width,
            OutputWidth = width,
            Units = ReadLatents(width),
            Sparsity = activation == "topk" ? new Sparsity.TopK(k) : new Sparsity.GroupMax(k),
            Activation = "relu",
            UnitNorm = false,
        };
        string[] problems = [.. options.Problems()];
        return problems.Length == 0 ? options : throw new MxdInputException($"{config.Location}: {string.Join(" ", problems)}");
    }

    private long ReadLatents(long width)
    {
        long latents = config.Whole("num_latents", 0, least: 0);
        if (latents > 0) return latents;
        long factor = config.Whole("expansion_factor", 32);
        return Math.BigMul(factor, width, out long product) == 0 && product > 0
            ? product
            : throw config.Wrong("expansion_factor", $"times d_in {width} that is more latents than can be counted");
    }

    private string LatentsFact() => config.Whole("num_latents", 0, least: 0) > 0
        ? $"num_latents is {Options.Units}"
        : $"expansion_factor {Options.Units / Options.InputWidth} times d_in {Options.InputWidth} is {Options.Units}";
}
