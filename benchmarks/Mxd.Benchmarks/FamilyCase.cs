using System.Diagnostics;
using System.Globalization;
using Mxd.Activations;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Metrics;
using Mxd.Runtime;
using Mxd.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Benchmarks;

/// <summary>
/// Kinds of layers trained twice on the same activations: by the gradients written out, and by torch's own differentiation of the readable
/// definition, or in mixed precision. Sizes are matched to a transcoder eight times as wide as its input.
/// </summary>
internal static class FamilyCase
{
    private const int ContextLength = 128, HarvestBatch = 16, ValidationContexts = 64, Multiplier = 8, WarmupSteps = 10;
    private const long Batch = 4096;
    private const double LearningRate = 1e-3;

    private static readonly (string Type, Sparsity? Sparsity, bool AuxK)[] cases =
    [
        .. LayerTypes.All.Select(t => (t.Name, t.HasUnits ? (Sparsity?)new Sparsity.TopK(32) : null, false)),
        ("mxd", new Sparsity.L1(1e-5), false), ("glu-mxd", new Sparsity.L1(1e-5), false), ("skip-mxd", new Sparsity.L1(1e-5), false),
        ("transcoder", new Sparsity.L1(1e-5), false), ("glu-transcoder", new Sparsity.L1(1e-5), false),
        ("skip-transcoder", new Sparsity.L1(1e-5), false), ("sae", new Sparsity.L1(1e-5), false),
        ("transcoder", new Sparsity.BatchTopK(32), false), ("sae", new Sparsity.BatchTopK(32), false), ("mxd", new Sparsity.BatchTopK(32), false),
        ("transcoder", new Sparsity.JumpRelu(3e-6), false), ("sae", new Sparsity.JumpRelu(3e-6), false),
        ("mxd", new Sparsity.TopK(32), true), ("transcoder", new Sparsity.TopK(32), true),
    ];

    private static readonly (string Type, Sparsity? Sparsity, bool AuxK)[] mixedCases =
        [.. new[] { "mxd", "transcoder" }.Select(type => (type, (Sparsity?)new Sparsity.TopK(32), false))];

    /// <summary>What the second training of a layer is.</summary>
    internal enum Beside
    {
        Readable,
        Mixed,
    }

    /// <param name="beside">What they are trained as the second time.</param>
    /// <param name="path">The language model.</param>
    /// <param name="layer">Its layer.</param>
    /// <param name="text">To train on.</param>
    /// <param name="validation">Held-out text.</param>
    /// <param name="tokens">Of the text.</param>
    /// <param name="only">The one type to train; null for all.</param>
    public static void Run(Beside beside, string path, int layer, string text, string validation, long tokens, string? only = null)
    {
        using ModelFile file = ModelFile.Open(path);
        using LanguageModel model = file.Load(beside == Beside.Mixed ? ScalarType.Float32 : ScalarType.BFloat16, CPU);
        using ActivationRows trained = Harvest(file, model, layer, text, tokens / ContextLength, shuffled: true);
        using ActivationRows held = Harvest(file, model, layer, validation, ValidationContexts, shuffled: false);
        Console.WriteLine($"{trained.Count:n0} tokens to train on, {held.Count:n0} held out, widths {model.Identity.Width}\n");
        string second = beside == Beside.Mixed ? "mixed" : "readable";
        Console.WriteLine($"| layer | parameters | FVU | {second} | L0 | dead | tokens/s | {second} |\n| --- | --- | --- | --- | --- | --- | --- | --- |");
        foreach ((string type, Sparsity? sparsity, bool aux) in (beside == Beside.Mixed ? mixedCases : cases).Where(c => only is null || c.Type == only))
        {
            LayerOptions options = Options(type, sparsity, aux, model.Identity.Width);
            Trained fast = Train(options, trained, held, null);
            Trained? other = LayerTypes.Get(type) == LayerTypes.Get("linear") ? null : Train(options, trained, held, beside);
            string name = $"{type}{(sparsity is null ? "" : $", {sparsity.Title}")}{(aux ? ", AuxK" : "")}";
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {name} | {LayerTypes.Get(type).ParameterCount(options):n0} | {fast.Measured.Fvu:f4} | {other?.Measured.Fvu:f4} | {fast.Measured.L0:f1} | {fast.Measured.DeadFraction:p0} | {fast.TokensPerSecond:n0} | {other?.TokensPerSecond:n0} |"));
        }
    }

    private sealed record Trained(Reconstruction Measured, double TokensPerSecond);

    private static LayerOptions Options(string type, Sparsity? sparsity, bool aux, long width)
    {
        LayerType kind = LayerTypes.Get(type);
        return ParameterBudget.Match(
            new LayerOptions
            {
                Type = type,
                InputWidth = width,
                OutputWidth = width,
                Units = kind.HasUnits ? 1 : 0,
                Hidden = kind.HasHidden ? ParameterBudget.DefaultHidden(width) : null,
                Sparsity = sparsity,
                Activation = kind.DefaultActivation,
                UnitNorm = kind.UnitNormByDefault,
                AuxK = aux ? new AuxiliaryLoss { Coefficient = 0.03, DeadAfter = 40_000 } : null,
            },
            Multiplier);
    }

    private static Trained Train(LayerOptions options, ActivationRows trained, ActivationRows held, Beside? beside)
    {
        bool autoencoder = LayerTypes.Get(options.Type).IsAutoencoder;
        using ILayer layer = LayerTypes.Get(options.Type).Initialise(options, 0, CPU);
        ILayer taken = beside == Beside.Readable ? new ReadableLayer(layer) : layer;
        long steps = trained.Count / Batch;
        using var trainer = new Trainer(taken, LearningRateSchedule.Parse("constant", LearningRate, WarmupSteps, steps), beside == Beside.Mixed ? Precision.Mixed : Precision.Full);
        var clock = Stopwatch.StartNew();
        for (long step = 0; step < steps; step++)
        {
            using DisposeScope scope = NewDisposeScope();
            (Tensor x, Tensor target) = Rows(trained, step * Batch, Batch, autoencoder);
            trainer.Step(x, target);
        }
        double rate = steps * Batch / clock.Elapsed.TotalSeconds;
        using IDisposable noGrad = no_grad();
        using var meter = new ReconstructionMeter(options.Units, CPU);
        for (long start = 0; start < held.Count; start += Batch)
        {
            using DisposeScope scope = NewDisposeScope();
            (Tensor x, Tensor target) = Rows(held, start, Math.Min(Batch, held.Count - start), autoencoder);
            SparseCodes codes = layer.Encode(x);
            meter.Add(layer.Decode(codes, x), target, codes);
        }
        return new Trained(meter.Result(), rate);
    }

    private static (Tensor X, Tensor Target) Rows(ActivationRows rows, long start, long count, bool autoencoder)
    {
        Tensor target = rows.Values[1].narrow(0, start, count).to(ScalarType.Float32);
        return (autoencoder ? target : rows.Values[0].narrow(0, start, count).to(ScalarType.Float32), target);
    }

    private static ActivationRows Harvest(ModelFile file, LanguageModel model, int layer, string text, long contexts, bool shuffled)
    {
        using DisposeScope scope = NewDisposeScope();
        PackedContexts packed = Packing.Pack([text], file.Tokenizer, new PackingOptions { ContextLength = ContextLength });
        var order = new ContextOrder(packed.Count, 0);
        var harvester = new Harvester(model, HookPoint.MlpInput(layer), HookPoint.MlpOutput(layer));
        List<Tensor> inputs = [], outputs = [];
        for (long first = 0; first < contexts; first += HarvestBatch)
        {
            IEnumerable<long> numbers = Enumerable.Range(0, (int)Math.Min(HarvestBatch, contexts - first)).Select(i => shuffled ? order[first + i] : first + i);
            using ActivationRows harvested = harvester.Harvest(packed.ToTensor(numbers));
            inputs.Add(harvested.Values[0].clone());
            outputs.Add(harvested.Values[1].clone());
        }
        (Tensor x, Tensor y) = (cat(inputs, 0), cat(outputs, 0));
        if (shuffled)
        {
            using Generator generator = Seeds.Generator(0, "benchmark rows");
            Tensor rows = randperm(x.shape[0], generator: generator);
            (x, y) = (x.index_select(0, rows), y.index_select(0, rows));
        }
        return new ActivationRows(harvester.Points, [x.DetachFromDisposeScope(), y.DetachFromDisposeScope()]);
    }
}
