using System.Text.Json.Serialization;
using Mxd.Activations;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Runtime;
using static TorchSharp.torch;

namespace Mxd.Training;

/// <summary>What a run will hold at its largest moment, bytes, by part.</summary>
/// <param name="Program">The runtime and libtorch.</param>
/// <param name="LanguageModel">Weights of the language model.</param>
/// <param name="Text">Token ids of all contexts.</param>
/// <param name="Buffer">The shuffling buffer.</param>
/// <param name="Validation">Held-out activations.</param>
/// <param name="Layer">Weights, both moments of AdamW, and the gradients that are held whole: see <see cref="StepMemory"/>.</param>
/// <param name="Work">A forward pass of the language model, a training step, and a slice of the held-out activations being measured.</param>
public sealed record MemoryPlan(long Program, long LanguageModel, long Text, long Buffer, long Validation, long Layer, long Work)
{
    /// <summary>Resident memory of the process with libtorch loaded and nothing else: 160 to 230 MB on Linux.</summary>
    private const long ProgramBytes = 200_000_000;

    /// <summary>
    /// A forward pass leaves freed blocks behind in the allocator's heap: 2,048 tokens of a model of width 576 held 240 MB in bfloat16 and 320 to
    /// 420 MB in float32 after a few passes, three to five times what is alive at once.
    /// </summary>
    private const long HeapFactor = 4;

    [JsonIgnore]
    public long Total => checked(Program + LanguageModel + Text + Buffer + Validation + Layer + Work);

    /// <param name="options">The run.</param>
    /// <param name="layer">Its layer.</param>
    /// <param name="model">The language model on disk.</param>
    /// <param name="textContexts">Contexts packed from the text.</param>
    /// <exception cref="MxdInputException">The plan is too large for its bytes to be counted.</exception>
    public static MemoryPlan For(TrainOptions options, LayerOptions layer, ModelFile model, long textContexts) =>
        ForGroup([(options, layer)], model, textContexts);

    /// <summary>
    /// Of configurations that are trained from one pass: they share all but their layers, and what steps work in, which each keeps from one to the next.
    /// </summary>
    /// <param name="members">The configurations, at least one.</param>
    /// <param name="model">The language model on disk.</param>
    /// <param name="textContexts">Contexts packed from the text.</param>
    /// <exception cref="MxdInputException">The plan is too large for its bytes to be counted.</exception>
    public static MemoryPlan ForGroup(IReadOnlyList<(TrainOptions Options, LayerOptions Layer)> members, ModelFile model, long textContexts) =>
        Countable(() => Sum(members, model, textContexts));

    /// <summary>Of a run that reads its activations from disk: there is no language model, and no text.</summary>
    /// <param name="options">The run.</param>
    /// <param name="layer">Its layer.</param>
    /// <param name="harvest">The activations.</param>
    /// <exception cref="MxdInputException">The plan is too large for its bytes to be counted.</exception>
    public static MemoryPlan For(TrainOptions options, LayerOptions layer, HarvestFacts harvest) => ForGroup([(options, layer)], harvest);

    /// <summary>Of configurations that read their activations from disk together.</summary>
    /// <param name="members">The configurations, at least one.</param>
    /// <param name="harvest">The activations.</param>
    /// <exception cref="MxdInputException">The plan is too large for its bytes to be counted.</exception>
    public static MemoryPlan ForGroup(IReadOnlyList<(TrainOptions Options, LayerOptions Layer)> members, HarvestFacts harvest) =>
        Countable(() => Sum(members, harvest));

    private static MemoryPlan Countable(Func<MemoryPlan> sum)
    {
        try
        {
            MemoryPlan plan = sum();
            _ = plan.Total;
            return plan;
        }
        catch (OverflowException e)
        {
            throw new MxdInputException(
                $"The run needs more than {ByteSize.Format(long.MaxValue)} of memory: lower --experts, --multiplier, --hidden, --batch, --buffer or --validation-contexts.", e);
        }
    }

    /// <summary>Refuses a plan that this machine cannot hold.</summary>
    /// <exception cref="MxdInputException">The plan is larger than the machine's memory.</exception>
    public void RequireAtMost(long machineBytes)
    {
        if (Total <= machineBytes) return;
        Part largest = Parts.MaxBy(p => p.Bytes)!;
        throw new MxdInputException(
            $"The run needs {ByteSize.Format(Total)} of memory, but this machine has {ByteSize.Format(machineBytes)}; its largest part is the {largest.Name} "
            + $"({ByteSize.Format(largest.Bytes)}): {largest.Remedy}.");
    }

    /// <summary>What makes the largest part smaller.</summary>
    internal string Remedy => Parts.MaxBy(p => p.Bytes)!.Remedy;

    public override string ToString() => string.Join(", ", Parts.Where(p => p.Bytes > 0).Select(p => $"{p.Name} {ByteSize.Format(p.Bytes)}"));

    private Part[] Parts =>
    [
        new("program", Program, "use a machine with more memory"),
        new("language model", LanguageModel, "pass --model-dtype bfloat16, or use a smaller model"),
        new("text", Text, "give fewer --text files"),
        new("buffer", Buffer, "lower --buffer"),
        new("validation", Validation, "lower --validation-contexts"),
        new("layer and optimizer", Layer, "lower --experts (or --multiplier), or --hidden"),
        new("working memory", Work, "lower --batch, --experts (or --multiplier), or --harvest-batch"),
    ];

    private static MemoryPlan Sum(IReadOnlyList<(TrainOptions Options, LayerOptions Layer)> members, ModelFile model, long textContexts)
    {
        checked
        {
            TrainOptions options = members[0].Options;
            long width = model.Config.Width, modelBytes = options.ModelDtype == "float32" ? 4 : 2;
            long rowBytes = Points(members) * width * modelBytes;
            Device device = Devices.Parse(options.Device);
            StepMemory[] steps = Steps(members);
            long harvested = (long)options.HarvestBatch * options.Context;
            bool isWidened = options.ModelDtype == "bfloat16" && NarrowProducts.AreWidened;
            return new MemoryPlan(
                Program: ProgramBytes,
                LanguageModel: model.Config.ParameterCount * modelBytes,
                Text: (textContexts + options.ValidationContexts) * options.Context * sizeof(int),
                Buffer: Math.Min(options.Buffer, options.Contexts) * options.Context * (rowBytes + 3 * sizeof(long)) + (HarvestPolicy.HarvestsAhead(device) ? AheadContexts(options) * options.Context * rowBytes : 0),
                Validation: (long)options.ValidationContexts * options.Context * rowBytes,
                Layer: steps.Sum(s => s.State),
                Work: HeapFactor * HarvestWork(harvested, width, model.Config.MlpWidth, modelBytes)
                    + (isWidened ? WidenedWork(harvested, model.Config.MlpWidth) : 0)
                    + steps.Sum(s => s.Work) + members.Sum(m => FitWork(m.Options.Batch, m.Layer)) + ValidationSet.SliceBytes);
        }
    }

    private static MemoryPlan Sum(IReadOnlyList<(TrainOptions Options, LayerOptions Layer)> members, HarvestFacts harvest)
    {
        checked
        {
            TrainOptions options = members[0].Options;
            long rowBytes = Points(members) * harvest.Model.Width * Dtypes.ByteCount(harvest.ScalarType);
            StepMemory[] steps = Steps(members);
            return new MemoryPlan(
                Program: ProgramBytes,
                LanguageModel: 0,
                Text: 0,
                Buffer: Math.Min(options.Buffer, options.Contexts) * options.Context * (rowBytes + 3 * sizeof(long)),
                Validation: (long)options.ValidationContexts * options.Context * rowBytes,
                Layer: steps.Sum(s => s.State),
                Work: (long)options.HarvestBatch * options.Context * rowBytes
                    + steps.Sum(s => s.Work) + members.Sum(m => FitWork(m.Options.Batch, m.Layer)) + ValidationSet.SliceBytes);
        }
    }

    /// <summary>Hook points that are read, each once.</summary>
    private static long Points(IReadOnlyList<(TrainOptions Options, LayerOptions Layer)> members) =>
        members.SelectMany(m => new[] { m.Options.InputHook, m.Options.OutputHook }).Distinct().Count();

    private static StepMemory[] Steps(IReadOnlyList<(TrainOptions Options, LayerOptions Layer)> members) =>
        [.. members.Select(m => StepMemory.Of(m.Layer, m.Options.Batch, Devices.Parse(m.Options.Device), Precisions.Parse(m.Options.Precision)))];

    /// <summary>Contexts that are held beside the buffer where the language model runs ahead: see <see cref="ActivationBuffer"/>.</summary>
    private static long AheadContexts(TrainOptions options) => checked(options.Batch / options.Context + 3L * options.HarvestBatch);

    /// <summary>The largest moment of a block: the MLP's two branches and their product beside some copies of the residual stream.</summary>
    private static long HarvestWork(long tokens, long width, long mlpWidth, long modelBytes) =>
        checked(tokens * (4 * mlpWidth * modelBytes + 8 * width * sizeof(float)));

    /// <summary>
    /// Where bfloat16 is widened, a slice of weights in float32 and the MLP's values so. They are counted once: with AVX2 2,048 tokens took 170 to 230 MB in
    /// bfloat16 altogether.
    /// </summary>
    private static long WidenedWork(long tokens, long mlpWidth) => checked(NarrowProducts.SliceBytes + tokens * 4 * mlpWidth * sizeof(float));

    /// <summary>Sums in float64 and what solves them, for a layer that is fitted.</summary>
    private static long FitWork(long batch, LayerOptions layer)
    {
        if (!LayerTypes.Get(layer.Type).IsFitted) return 0;
        long width = layer.InputWidth + 1;
        return checked(sizeof(double) * (5 * width * width + 3 * width * layer.OutputWidth + batch * (width + layer.OutputWidth)));
    }

    private sealed record Part(string Name, long Bytes, string Remedy);
}
