using System.Text.Json.Serialization;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Runtime;

namespace Mxd.Training;

/// <summary>Everything that decides what a run computes. Its record is the command line, the library's argument and part of run.json.</summary>
public sealed record TrainOptions
{
    [Option("--model", "The language model, a .gguf file.", IsPath = true)]
    public required string Model { get; init; }

    [Option("--layer", "The layer whose MLP is replaced, counted from 0.")]
    public required int Layer { get; init; }

    [Option("--text", "The training text: .jsonl files (an object with a \"text\" on each line) or .txt files.", IsPath = true)]
    public required IReadOnlyList<string> Text { get; init; }

    [Option("--validation", "Held-out text files. Without them, some documents of --text are held out.", IsPath = true)]
    public IReadOnlyList<string> Validation { get; init; } = [];

    [Option("--held-out", "Share of the documents held out where there is no --validation.")]
    public double HeldOut { get; init; } = 0.05;

    [Option("--type", "Kind of layer: mxd or transcoder.")]
    public string Type { get; init; } = "mxd";

    [Option("--k", "Units active on a token.")]
    public int K { get; init; } = 32;

    [Option("--experts", "Number of units: experts of an mxd, latents of a transcoder.")]
    public long? Experts { get; init; }

    [Option("--multiplier", "Instead of --experts: as many units as give the parameters of a transcoder this many times as wide as its input (default 32).")]
    public long? Multiplier { get; init; }

    [Option("--hidden", "Hidden width of an mxd (default: 4 times the input's).")]
    public long? Hidden { get; init; }

    [Option("--activation", "Activation function: relu, gelu, gelu-tanh, sigmoid or silu (default: gelu for mxd, relu for transcoder).")]
    public string? Activation { get; init; }

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

    [Option("--input", "Hook point the layer reads (default: blocks.L.ln2.hook_normalized).")]
    public string? Input { get; init; }

    [Option("--output", "Hook point the layer replaces (default: blocks.L.hook_mlp_out).")]
    public string? Output { get; init; }

    [Option("--model-dtype", "Precision of the language model: float32 or bfloat16.")]
    public string ModelDtype { get; init; } = "float32";

    [Option("--precision", "Precision of the layer: float32.")]
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

    [JsonIgnore]
    public HookPoint InputHook => Input is null ? HookPoint.MlpInput(Layer) : HookPoint.Parse(Input);

    [JsonIgnore]
    public HookPoint OutputHook => Output is null ? HookPoint.MlpOutput(Layer) : HookPoint.Parse(Output);

    /// <summary>The layer these options describe, for activations of the given widths.</summary>
    public LayerOptions LayerOptions(long inputWidth, long outputWidth)
    {
        LayerType type = LayerTypes.Get(Type);
        var options = new LayerOptions
        {
            Type = Type,
            InputWidth = inputWidth,
            OutputWidth = outputWidth,
            Units = Experts ?? 1,
            Hidden = Hidden ?? (type.HasHidden ? ParameterBudget.DefaultHidden(inputWidth) : null),
            K = K,
            Activation = Activation ?? type.DefaultActivation,
            UnitNorm = !NoUnitNorm,
        };
        return Experts is null ? options with { Units = ParameterBudget.MatchedUnits(options, Multiplier ?? 32) } : options;
    }
}
