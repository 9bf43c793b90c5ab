using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Runtime;
using Mxd.Training;
using static TorchSharp.torch;

namespace Mxd.Evaluation.Probing;

/// <summary>Sparse probing of trained layers, all in one pass of the language model over labelled texts.</summary>
public static class SparseProbing
{
    /// <summary>
    /// Probes every run, and keeps what is found in its folder as soon as the run is done (<see cref="ProbeFile"/>). Stopped while probes are fitted, it returns the runs
    /// that are done.
    /// </summary>
    /// <param name="model">The language model that all were trained on.</param>
    /// <param name="input">Runs and texts, checked.</param>
    /// <param name="observer">Hears of progress.</param>
    /// <param name="cancellation">Stops between batches of texts and between classes.</param>
    /// <exception cref="MxdInputException">What a layer makes of the texts are no numbers.</exception>
    public static ProbeReport Run(LanguageModel model, ProbeInput input, IRunObserver observer, CancellationToken cancellation = default)
    {
        List<Replacement> layers = [];
        try
        {
            foreach (EvalRun run in input.Runs)
            {
                layers.Add(run.Load(model.Device));
                for (int i = 0; i < input.Options.Untrained; i++) layers.Add(Untrained(layers[^(1 + i)], Seeds.Derive(input.Options.Seed, "untrained", i)));
            }
            return Run(model, input, layers, observer, cancellation);
        }
        finally
        {
            foreach (Replacement layer in layers) layer.Layer.Dispose();
        }
    }

    private static ProbeReport Run(LanguageModel model, ProbeInput input, List<Replacement> layers, IRunObserver observer, CancellationToken cancellation)
    {
        (ProbeOptions options, ProbeTexts texts) = (input.Options, input.Texts);
        observer.Begin("Reading the texts", texts.Tokens.Count, "texts");
        var pass = new ProbePass(model, texts.Tokens, input.Model.Tokenizer.FirstToken, Enum.Parse<Pooling>(options.Pooling, ignoreCase: true));
        IReadOnlyList<PooledLayer> pooled = pass.Read(layers, new ObservedCount(observer), InPlace(layers, options), cancellation);
        try
        {
            TextClass[] classes = [.. texts.Classes.Where(c => c.LeftOut is null)];
            observer.Begin("Fitting probes", (long)classes.Length * pooled.Count, "classes");
            var report = new ProbeReport(options, input.DataHash, model.Identity.WeightsHash, texts.Tokens.Count, texts.Train, texts.Classes, []);
            int each = 1 + options.Untrained;
            long done = 0;
            foreach ((EvalRun run, int i) in input.Runs.Select((run, i) => (run, i)))
            {
                ProbedLayer[] probed = [.. pooled.Skip(i * each).Take(each).TakeWhile(_ => !cancellation.IsCancellationRequested).Select(layer => Probe(run, layer))];
                if (cancellation.IsCancellationRequested) return report with { Stopped = true };
                ProbedRun result = Describe(run, layers[i * each].Layer, probed);
                result = result with { File = ProbeFile.Save(report with { Runs = [result] }, new RunFolder(run.Path)) };
                report = report with { Runs = [.. report.Runs, result] };
            }
            return report;

            ProbedLayer Probe(EvalRun run, PooledLayer layer)
            {
                if (!layer.IsFinite) throw new MxdInputException($"{run.Path}: what its layer makes of the texts are no numbers, so nothing can be fitted on them: look at the run's losses, or leave it out.");
                using Tensor output = ClassProbing.Standardise(layer.Output, texts.Train);
                List<ProbedClass> found = [];
                foreach (TextClass of in classes)
                {
                    if (cancellation.IsCancellationRequested) break;
                    found.Add(new ClassProbing(options.Candidates, options.Sizes).Probe(of.Label, layer.Units, output, texts.Members(of), texts.Train));
                    observer.Advance(++done);
                }
                return found.Count > 0 ? ProbedLayer.Of(found) : new ProbedLayer(double.NaN, double.NaN, []);
            }
        }
        finally
        {
            foreach (PooledLayer layer in pooled) layer.Dispose();
        }
    }

    /// <summary>The trained layers, which are the first of each run's.</summary>
    private static ReplacementSet? InPlace(List<Replacement> layers, ProbeOptions options) =>
        options.InPlace ? new ReplacementSet([.. layers.Where((_, i) => i % (1 + options.Untrained) == 0)]) : null;

    private static ProbedRun Describe(EvalRun run, ILayer layer, ProbedLayer[] probed) => new(
        run.Path, layer.Options.Type, layer.ParameterCount(), layer.Options.Sparsity?.Title, layer.Options.Units, run.Saved.Origin?.TrainedTokens, null,
        probed[0].F1, probed[0].BalancedAccuracy, probed[0].Classes, probed[1..]);

    /// <summary>A layer of the same shape, in the same place, with freshly drawn weights.</summary>
    private static Replacement Untrained(Replacement trained, long seed) =>
        trained with { Layer = LayerTypes.Get(trained.Layer.Options.Type).Initialise(trained.Layer.Options, seed, trained.Layer.Device()) };
}
