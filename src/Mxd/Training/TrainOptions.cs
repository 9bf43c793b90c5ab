using System.Text.Json.Serialization;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Runtime;

namespace Mxd.Training;

/// <summary>Everything that decides what a run computes. Its record is the command line, the library's argument and part of run.json.</summary>
public sealed record TrainOptions
{
    private const int DefaultK = 32;

    [Option("--model", "The language model: a hub id (gpt2, owner/name@revision), a folder or a .gguf file.", IsPath = true, MayBeHubId = true)]
    public required string Model { get; init; }

    [Option("--layer", "The layer whose MLP is replaced, counted from 0.")]
    public required int Layer { get; init; }

    [Option("--text", "The training text: .jsonl, .csv, .parquet or .txt files, also .gz and .zst; folders, patterns, or a data set of the hub (owner/name, owner/name:PATTERN).", IsPath = true, MayBeHubId = true)]
    public required IReadOnlyList<string> Text { get; init; }

    [Option("--activations", "Instead of --model, --layer and --text: a folder that 'mxd harvest' made. The language model is not loaded.", IsPath = true)]
    public string? Activations { get; init; }

    [Option("--validation", "Held-out text, named like --text. Without it, some documents of --text are held out.", IsPath = true, MayBeHubId = true)]
    public IReadOnlyList<string> Validation { get; init; } = [];

    [Option("--text-field", "The field of each JSON object, or the column, that holds the text.")]
    public string TextField { get; init; } = "text";

    [Option("--skip-bad", "Pass over rows of the text that are wrong, and count them.")]
    public bool SkipBad { get; init; }

    [Option("--held-out", "Share of the documents held out where there is no --validation.")]
    public double HeldOut { get; init; } = 0.05;

    [Option("--type", "Kind of layer: mxd or transcoder, with glu-, skip- or glu-skip- before it; sae; or a control, dense or linear.")]
    public string Type { get; init; } = "mxd";

    [Option("--k", "Units active on a token (default 32).")]
    public int? K { get; init; }

    [Option("--l1", "Instead of --k: keep all active units and weigh their sum into the loss with this coefficient.")]
    public double? L1 { get; init; }

    [Option("--sparsity", "How units are chosen: topk (with --k), l1 (with --l1), batch-topk (--k on average over a batch) or jumprelu (with --l0).")]
    public string? SparsityKind { get; init; }

    [Option("--l0", "For jumprelu: weight of the number of active units in the loss.")]
    public double? L0 { get; init; }

    [Option("--bandwidth", "For jumprelu: width of the ramp that stands in for a step in gradients (default 0.05).")]
    public double? Bandwidth { get; init; }

    [Option("--aux-k", "Weight of the auxiliary loss that keeps units from dying (default: none; 0.03 is usual).")]
    public double? AuxK { get; init; }

    [Option("--dead-after", "For --aux-k: tokens without activity after which a unit counts as dead (default 1000000).")]
    public long? DeadAfter { get; init; }

    [Option("--experts", "Number of units: experts of an mxd, latents of a transcoder or sae.")]
    public long? Experts { get; init; }

    [Option("--multiplier", "Instead of --experts: as many units (for dense, as wide a hidden layer) as give the parameters of a transcoder this many times as wide as its input (default 32).")]
    public long? Multiplier { get; init; }

    [Option("--hidden", "Hidden width of an mxd or dense (default: 4 times the input's).")]
    public long? Hidden { get; init; }

    [Option("--activation", "Activation function: relu, gelu, gelu-tanh, sigmoid or silu (default: gelu for mxd and dense, relu for the others).")]
    public string? Activation { get; init; }

    [Option("--init", "First weights of transcoders and SAEs: reference, kaiming or transpose (the decoder begins as a copy of the encoder).")]
    public string Init { get; init; } = "reference";

    [Option("--unit-norm", "Keep the units' decoder vectors at unit norm (default, but for skip transcoders).")]
    public bool UnitNorm { get; init; }

    [Option("--no-unit-norm", "Let the norms of the units' decoder vectors vary.")]
    public bool NoUnitNorm { get; init; }

    [Option("--tokens", "Length of the run in tokens.")]
    public long Tokens { get; init; } = 1_048_576;

    [Option("--batch", "Tokens a step.")]
    public long Batch { get; init; } = 4096;

    [Option("--context", "Tokens a context.")]
    public int Context { get; init; } = 128;

    [Option("--lr", "Learning rate of AdamW.")]
    public double LearningRate { get; init; } = 1e-3;

    [Option("--schedule", "Schedule of the learning rate: constant, linear-decay, cosine, cosine-annealing or cosine-restarts.")]
    public string Schedule { get; init; } = "constant";

    [Option("--warmup", "Steps over which the learning rate rises.")]
    public long Warmup { get; init; }

    [Option("--seed", "Seed of initial weights and of all shuffling.")]
    public long Seed { get; init; }

    [Option("--data-seed", "Seed of the shuffling alone, so that runs may differ in initial weights and see the same batches (default: that of --seed).")]
    public long? DataSeed { get; init; }

    [Option("--input", "Hook point the layer reads (default: blocks.L.ln2.hook_normalized; for an sae, that of --output).")]
    public string? Input { get; init; }

    [Option("--output", "Hook point the layer replaces (default: blocks.L.hook_mlp_out; for an sae, that of --input if given).")]
    public string? Output { get; init; }

    [Option("--model-dtype", "Precision of the language model: float32 or bfloat16.")]
    public string ModelDtype { get; init; } = "float32";

    [Option("--precision", "Precision of the layer: float32, or mixed (products of bfloat16, where the processor has them).")]
    public string Precision { get; init; } = "float32";

    [Option("--device", "Device: cpu, cuda, cuda:N or auto.")]
    public string Device { get; init; } = "auto";

    [Option("--harvest-batch", "Contexts the language model takes at once.")]
    public int HarvestBatch { get; init; } = 16;

    [Option("--buffer", "Size of the shuffling buffer in contexts.")]
    public long Buffer { get; init; } = 1024;

    [Option("--validation-contexts", "Held-out contexts that validation figures are taken on.")]
    public int ValidationContexts { get; init; } = 256;

    [Option("--log-every", "Steps between two lines of metrics.jsonl.")]
    public long LogEvery { get; init; } = 25;

    [Option("--checkpoint-every", "Steps between two checkpoints (default: about every ten minutes).")]
    public long? CheckpointEvery { get; init; }

    /// <summary>Contexts the run goes through.</summary>
    [JsonIgnore]
    public long Contexts => Tokens / Math.Max(1, Context);

    /// <summary>Updates the run makes; tokens left over at the end make no batch.</summary>
    [JsonIgnore]
    public long Steps => Contexts * Context / Math.Max(1, Batch);

    /// <summary>Tokens of all steps: what the run has trained on at its end.</summary>
    [JsonIgnore]
    public long TrainedTokens => Steps * Batch;

    /// <summary>The seed of everything that decides the order of the text.</summary>
    [JsonIgnore]
    public long ShuffleSeed => DataSeed ?? Seed;

    [JsonIgnore]
    public HookPoint InputHook => (Input ?? (IsAutoencoder ? Output : null)) is { } name
        ? HookPoint.Parse(name)
        : IsAutoencoder ? HookPoint.MlpOutput(Layer) : HookPoint.MlpInput(Layer);

    [JsonIgnore]
    public HookPoint OutputHook => (Output ?? (IsAutoencoder ? Input : null)) is { } name ? HookPoint.Parse(name) : HookPoint.MlpOutput(Layer);

    private bool IsAutoencoder => LayerTypes.Find(Type) is { IsAutoencoder: true };

    /// <summary>The kind of sparsity that is asked for, named or by its coefficient.</summary>
    [JsonIgnore]
    public string SparsityName => SparsityKind ?? (L1 is not null ? "l1" : L0 is not null ? "jumprelu" : "topk");

    /// <summary>The layer these options describe, for activations of the given widths.</summary>
    public LayerOptions LayerOptions(long inputWidth, long outputWidth)
    {
        LayerType type = LayerTypes.Get(Type);
        bool sized = type.HasUnits ? Experts is not null : Hidden is not null || Multiplier is null;
        var options = new LayerOptions
        {
            Type = Type,
            InputWidth = inputWidth,
            OutputWidth = outputWidth,
            Units = type.HasUnits ? Experts ?? 1 : 0,
            Hidden = Hidden ?? (type.HasHidden ? ParameterBudget.DefaultHidden(inputWidth) : null),
            Sparsity = type.HasUnits ? ReadSparsity() : null,
            Activation = Activation ?? type.DefaultActivation,
            UnitNorm = UnitNorm || (type.UnitNormByDefault && !NoUnitNorm),
            Initialisation = Init switch { "kaiming" => LayerInitialisation.Kaiming, "transpose" => LayerInitialisation.Transpose, _ => LayerInitialisation.Reference },
            AuxK = type.HasUnits ? Auxiliary() : null,
        };
        return sized ? options : ParameterBudget.Match(options, Multiplier ?? ParameterBudget.DefaultMultiplier);
    }

    private Sparsity ReadSparsity() => SparsityName switch
    {
        "l1" => new Sparsity.L1(L1 ?? 0),
        "batch-topk" => new Sparsity.BatchTopK(K ?? DefaultK),
        "jumprelu" => new Sparsity.JumpRelu(L0 ?? 0, Bandwidth ?? Sparsity.JumpRelu.DefaultBandwidth),
        _ => new Sparsity.TopK(K ?? DefaultK),
    };

    private AuxiliaryLoss? Auxiliary()
    {
        if (AuxK is not { } coefficient) return null;
        var term = new AuxiliaryLoss { Coefficient = coefficient };
        return DeadAfter is { } tokens ? term with { DeadAfter = tokens } : term;
    }
}
