using Mxd.Layers;
using Mxd.Runtime;

namespace Mxd.Interchange;

/// <summary>
/// What the <c>cfg.json</c> of SAELens says: that of version 6 (facts of training under <c>metadata</c>), or the one before (all at the top
/// level, the architecture partly in <c>activation_fn</c>) where it can mean one thing only.
/// </summary>
internal sealed class SaeLensConfig
{
    private static readonly string[] dtypes = ["float32", "float16", "bfloat16", "float64", "torch.float32", "torch.float16", "torch.bfloat16", "torch.float64"];

    /// <summary>Fields of versions and kinds of layers that change the formula in ways no layer here has: they must be off.</summary>
    private static readonly string[] formulaSwitches = ["finetuning_scaling_factor", "apply_finetuning_scaling_factor", "scaling_factor"];

    /// <summary>Numbers of attention heads, of which the first is 0: they must be absent.</summary>
    private static readonly string[] heads = ["hook_head_index", "hook_head_index_out", "hook_point_head_index"];

    private readonly ForeignConfig config;
    private readonly ForeignConfig? metadata;

    private SaeLensConfig(ForeignConfig config)
    {
        this.config = config;
        metadata = config.Section("metadata");
        Architecture = ReadArchitecture();
        Options = ReadOptions();
        CheckSwitches();
    }

    public SaeLensArchitecture Architecture { get; }

    public LayerOptions Options { get; }

    /// <exception cref="MxdInputException">A field contradicts another, or has a value that is not known here.</exception>
    public static SaeLensConfig Read(ForeignConfig config) => new(config);

    /// <summary>What is kept of it in a saved layer.</summary>
    public ImportedFrom Keep(string format, string source)
    {
        string? input = Fact("hook_name") ?? Fact("hook_point");
        int? context = Facts("context_size")?.Whole("context_size", most: int.MaxValue) is { } tokens ? (int)tokens : null;
        return new ImportedFrom(format, source, config.Text)
        {
            ModelName = Fact("model_name"),
            Input = input,
            Output = Fact("hook_name_out") ?? (Architecture.IsAutoencoder ? input : null),
            ContextLength = context,
            HasFirstToken = Facts("prepend_bos")?.Flag("prepend_bos"),
            UnknownFields = Unknown() is { Count: > 0 } unknown ? unknown : null,
        };
    }

    private SaeLensArchitecture ReadArchitecture()
    {
        string name = config.Choice("architecture", [.. SaeLensArchitecture.All.Select(a => a.Name)], metadata is null ? "standard" : null);
        string field = config.Has("activation_fn") ? "activation_fn" : "activation_fn_str";
        if (config.Has("activation_fn") && config.Has("activation_fn_str") && config.Words("activation_fn") != config.Words("activation_fn_str"))
            throw config.Wrong("activation_fn", $"activation_fn_str is {config.Shown("activation_fn_str")}, and both should say the same");
        string activation = config.Choice(field, ["relu", "topk"], name == "topk" ? "topk" : "relu");
        if (activation == "topk" && (name == "topk" || (name == "standard" && metadata is null))) name = "topk";
        else if (activation == "topk" || name == "topk")
            throw config.Wrong(field, $"architecture is {config.Shown("architecture")}, and the two together mean different things in different versions of SAELens");
        return SaeLensArchitecture.All.Single(a => a.Name == name);
    }

    private LayerOptions ReadOptions()
    {
        config.Choice("dtype", dtypes, "float32");
        config.Choice("reshape_activations", ["none"], "none");
        if (Fact("hook_name")?.Contains("hook_z", StringComparison.Ordinal) == true && !config.Has("reshape_activations"))
            throw new MxdInputException($"{config.Location}: hook_name is {Formats.Shown.Name(Fact("hook_name")!)} and there is no reshape_activations, which for attention heads means hook_z; none alone is known here.");
        long inputs = config.Whole("d_in");
        var options = new LayerOptions
        {
            Type = Architecture.Type,
            InputWidth = inputs,
            OutputWidth = Architecture.IsAutoencoder ? inputs : config.Whole("d_out"),
            Units = config.Whole("d_sae"),
            Sparsity = Architecture.ToSparsity(Architecture.Selection == SaeLensSelection.TopK ? ReadK() : 0),
            Activation = "relu",
            UnitNorm = false,
            SubtractsInputBias = ReadInputBias(),
            RescaleByDecoderNorm = ReadRescaling(),
            Normalisation = ReadNormalisation(),
        };
        string[] problems = [.. options.Problems()];
        return problems.Length == 0 ? options : throw new MxdInputException($"{config.Location}: {string.Join(" ", problems)}");
    }

    private int ReadK()
    {
        ForeignConfig? older = config.Section("activation_fn_kwargs");
        if (older?.Names.FirstOrDefault(name => name != "k" && !older.IsOff(name)) is { } unknown) throw older.Wrong(unknown, "k alone is known here");
        if (older?.Has("k") != true) return (int)config.Whole("k", most: int.MaxValue);
        long k = older.Whole("k", most: int.MaxValue);
        return config.Whole("k", k) == k ? (int)k : throw config.Wrong("k", $"activation_fn_kwargs.k is {k}, and both should say the same");
    }

    /// <summary>True in SAEs where nothing is said, as in SAELens.</summary>
    private bool ReadInputBias()
    {
        bool subtracts = config.Flag("apply_b_dec_to_input", Architecture.IsAutoencoder);
        if (Architecture.IsAutoencoder) return subtracts;
        // A transcoder has no bias of its input's width; the option's value is then its standard one.
        return subtracts ? throw config.Wrong("apply_b_dec_to_input", "a transcoder's b_dec belongs to its output, so false is expected") : true;
    }

    private bool ReadRescaling()
    {
        bool rescales = config.Flag("rescale_acts_by_decoder_norm", false);
        return rescales && Architecture.Selection != SaeLensSelection.TopK
            ? throw config.Wrong("rescale_acts_by_decoder_norm", $"that is known for architecture topk alone, and this one is {Architecture.Name}")
            : rescales;
    }

    private InputNormalisation ReadNormalisation()
    {
        // Before it had names it was a switch.
        if (metadata is null && config.Has("normalize_activations") && config.IsOff("normalize_activations")) return InputNormalisation.None;
        string name = config.Choice("normalize_activations", [.. SaeLensNames.Normalisations.Select(n => n.Name)], "none");
        return SaeLensNames.Normalisations.Single(n => n.Name == name).Kind;
    }

    private void CheckSwitches()
    {
        foreach (ForeignConfig place in Places())
        {
            if (formulaSwitches.FirstOrDefault(name => !place.IsOff(name)) is { } on) throw place.Wrong(on, "that changes the formula in a way no layer here has");
            if (heads.FirstOrDefault(place.Has) is { } head) throw place.Wrong(head, "layers of single attention heads are not known here");
        }
        foreach (string name in config.Names.Except(SaeLensNames.Known))
            if (config.IsTrue(name)) throw config.Wrong(name, "the field is not known here and may change the formula: remove it if it does not");
    }

    private List<string> Unknown() => [.. config.Names.Except([.. SaeLensNames.Known, .. formulaSwitches, .. heads]).Where(name => !config.IsOff(name))];

    /// <summary>Text from the metadata or, in older files, the top level.</summary>
    private string? Fact(string name) => Facts(name)?.Words(name);

    /// <summary>Where a fact of training stands; null where it is not said.</summary>
    private ForeignConfig? Facts(string name)
    {
        ForeignConfig[] places = [.. Places().Where(place => place.Has(name))];
        if (places.Length == 2 && places[0].Shown(name) != places[1].Shown(name))
            throw places[0].Wrong(name, $"outside metadata it is {places[1].Shown(name)}, and both should say the same");
        return places.FirstOrDefault();
    }

    private ForeignConfig[] Places() => metadata is null ? [config] : [metadata, config];
}
