using System.Text.Json;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Evaluation.Probing;

/// <summary>Sparse probing of trained layers, all in one pass of the language model over labelled texts.</summary>
public static class Probing
{
    /// <summary>Probes every run, and keeps what is found in its folder (<see cref="RunFolder.ProbeFile"/>).</summary>
    /// <param name="model">The language model that all were trained on.</param>
    /// <param name="input">Runs and texts, checked.</param>
    /// <param name="options">How.</param>
    /// <param name="observer">Hears of progress.</param>
    /// <param name="cancellation">Stops between batches of texts and between classes.</param>
    public static ProbeReport Run(LanguageModel model, ProbeInput input, ProbeOptions options, IRunObserver observer, CancellationToken cancellation = default)
    {
        List<Replacement> layers = [];
        try
        {
            foreach (EvalRun run in input.Runs)
            {
                layers.Add(run.Load(model.Device));
                for (int i = 0; i < options.Untrained; i++) layers.Add(Untrained(layers[^(1 + i)], Seeds.Derive(options.Seed, "untrained", i)));
            }
            return Run(model, input, options, layers, observer, cancellation);
        }
        finally
        {
            foreach (Replacement layer in layers) layer.Layer.Dispose();
        }
    }

    private static ProbeReport Run(
        LanguageModel model, ProbeInput input, ProbeOptions options, List<Replacement> layers, IRunObserver observer, CancellationToken cancellation)
    {
        ProbeTexts texts = input.Texts;
        observer.Begin("Reading the texts", texts.Tokens.Count, "texts");
        var pass = new ProbePass(model, texts.Tokens, input.Model.Tokenizer.FirstToken, Enum.Parse<Pooling>(options.Pooling, ignoreCase: true));
        IReadOnlyList<PooledLayer> pooled = pass.Read(layers, new ObservedCount(observer), cancellation);
        try
        {
            TextClass[] classes = [.. texts.Classes.Where(c => c.LeftOut is null)];
            observer.Begin("Fitting probes", (long)classes.Length * pooled.Count, "classes");
            long done = 0;
            ProbedLayer[] probed = [.. pooled.Select(layer => ProbedLayer.Of([.. classes.Select(c => Probe(layer, c))]))];
            var report = new ProbeReport(options, input.DataHash, model.Identity.WeightsHash, texts.Tokens.Count, texts.Train, texts.Classes, []);
            report = report with { Runs = [.. input.Runs.Select((run, i) => Describe(run, layers, probed, i * (1 + options.Untrained), options.Untrained))] };
            foreach (ProbedRun run in report.Runs)
                AtomicFile.WriteAllText(new RunFolder(run.Run).ProbeFile(report.DataName), JsonSerializer.Serialize(report with { Runs = [run] }, Json.Indented));
            return report;

            ProbedClass Probe(PooledLayer layer, TextClass of)
            {
                cancellation.ThrowIfCancellationRequested();
                ProbedClass result = new ClassProbing(options.Candidates, options.Sizes).Probe(of.Label, layer.Units, layer.Output, texts.Members(of), texts.Train);
                observer.Advance(++done);
                return result;
            }
        }
        finally
        {
            foreach (PooledLayer layer in pooled) layer.Dispose();
        }
    }

    private static ProbedRun Describe(EvalRun run, List<Replacement> layers, ProbedLayer[] probed, int place, int untrained)
    {
        ILayer layer = layers[place].Layer;
        ProbedLayer own = probed[place];
        return new ProbedRun(
            run.Path, layer.Options.Type, layer.ParameterCount(), layer.Options.Sparsity?.Title, layer.Options.Units, own.F1, own.BalancedAccuracy, own.Classes,
            probed[(place + 1)..(place + 1 + untrained)]);
    }

    /// <summary>A layer of the same shape, in the same place, with freshly drawn weights.</summary>
    private static Replacement Untrained(Replacement trained, long seed) =>
        trained with { Layer = LayerTypes.Get(trained.Layer.Options.Type).Initialise(trained.Layer.Options, seed, trained.Layer.Device()) };
}
