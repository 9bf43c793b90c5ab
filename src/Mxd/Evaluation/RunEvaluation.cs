using System.Text.Json;
using System.Text.Json.Nodes;
using Mxd.Activations;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Evaluation;

/// <summary>Text that runs are evaluated on, and what their results say of it.</summary>
/// <param name="Contexts">At least as many as are evaluated.</param>
/// <param name="Files">Where it comes from.</param>
/// <param name="ModelDtype">Precision the language model runs in.</param>
public sealed record EvaluationText(PackedContexts Contexts, IReadOnlyList<string> Files, string ModelDtype);

/// <summary>What trained layers cost their language model: each run by itself, and all together where they are at different layers.</summary>
/// <param name="Runs">Each run.</param>
/// <param name="Together">All at once; absent where two are at one place.</param>
/// <param name="LayersReplaced">Runs put in place one after another, sequence by sequence (<see cref="LayerSequence"/>); none where no two make one.</param>
public sealed record RunEvaluation(IReadOnlyList<EvaluatedRun> Runs, CostOfReplacement? Together, IReadOnlyList<LayersReplaced> LayersReplaced)
{
    /// <summary>
    /// Evaluates run folders in one pass over the text, with what the model itself and without its MLP computes once, and saves each result in its folder
    /// (<see cref="RunFolder.EvaluationFile"/>).
    /// </summary>
    /// <param name="model">The language model that all were trained on.</param>
    /// <param name="runs">Their folders, read.</param>
    /// <param name="text">Held-out text.</param>
    /// <param name="options">How to go through it.</param>
    /// <param name="observer">Hears of progress.</param>
    /// <param name="weightBytes">Weights that may be held at once: of more, several passes are made, and nothing is measured together.</param>
    /// <param name="cancellation">Stops between batches; runs that are done by then have been saved.</param>
    public static RunEvaluation Evaluate(
        LanguageModel model, IReadOnlyList<EvalRun> runs, EvaluationText text, EvaluationOptions options, IRunObserver observer,
        long weightBytes = long.MaxValue, CancellationToken cancellation = default)
    {
        observer.Begin(runs.Count == 1 ? "Evaluating" : $"Evaluating {runs.Count} layers", 100, "%");
        List<EvaluatedRun> evaluated = [];
        IReadOnlyList<EvalRun[]> parts = RunGroups.Divide(runs, RunGroups.WeightBytes, weightBytes);
        IReadOnlyList<LayerSequence> sequences = options.MeasuresTogether && parts.Count == 1 ? LayerSequence.Of(runs) : [];
        IReadOnlyList<LayersReplaced> replaced = [];
        foreach (EvalRun[] some in parts)
        {
            int before = evaluated.Count;
            var progress = new PartOfProgress(new ObservedPercent(observer), (double)before / runs.Count, (double)some.Length / runs.Count);
            (IReadOnlyList<EvaluatedRun> results, replaced) = EvaluateAtOnce(model, some, sequences, text, options, observer, progress, cancellation);
            evaluated.AddRange(results);
        }
        return new RunEvaluation(evaluated, replaced.FirstOrDefault(set => set.Runs.Count == runs.Count)?.Measured.Cost, replaced);
    }

    /// <summary>One run's fields, or several runs' as a list: <c>mxd eval --json</c>.</summary>
    public JsonObject ToJson()
    {
        if (Runs.Count == 1) return Runs[0].ToJson();
        var json = new JsonObject { ["runs"] = new JsonArray([.. Runs.Select(r => (JsonNode)r.ToJson())]) };
        if (Together is not null) json["together"] = JsonSerializer.SerializeToNode(Together, Json.Compact);
        if (LayersReplaced.Count > 0) json["layers_replaced"] = new JsonArray([.. LayersReplaced.Select(set => (JsonNode)set.ToJson())]);
        return json;
    }

    private static (IReadOnlyList<EvaluatedRun> Runs, IReadOnlyList<LayersReplaced> Replaced) EvaluateAtOnce(
        LanguageModel model, EvalRun[] runs, IReadOnlyList<LayerSequence> sequences, EvaluationText text, EvaluationOptions options, IRunObserver observer, IProgress<double> progress, CancellationToken cancellation)
    {
        List<Replacement> replacements = [];
        try
        {
            foreach (EvalRun run in runs) replacements.Add(run.Load(model.Device));
            (LayerSequence Sequence, int[] Runs)[] sets = [.. sequences.SelectMany(sequence => Enumerable.Range(1, sequence.Runs.Count).Select(count => (sequence, sequence.Runs.Take(count).ToArray())))];
            ReplacementCosts costs = new ReplacementEvaluator(model, text.Contexts, options).Evaluate(replacements, [.. sets.Select(set => set.Runs)], progress, cancellation);
            EvaluatedRun[] results = [.. runs.Select((run, i) => Describe(run, replacements[i].Layer, costs.Alone[i], text, model.Identity))];
            foreach (EvaluatedRun result in results) NoteReplaced(result, observer);
            foreach (EvaluatedRun result in results)
                AtomicFile.WriteAllText(new RunFolder(result.Run).EvaluationFile, result.ToJson().ToJsonString(Json.Indented));
            return (results, [.. sets.Zip(costs.Sets, (set, cost) => new LayersReplaced(
                set.Sequence, [.. set.Runs.Select(i => replacements[i].Output.Layer)], [.. set.Runs.Select(i => runs[i].Path)], cost))]);
        }
        finally
        {
            foreach (Replacement replacement in replacements) replacement.Layer.Dispose();
        }
    }

    /// <summary>A comparison may still need what was measured on something else.</summary>
    private static void NoteReplaced(EvaluatedRun result, IRunObserver observer)
    {
        string file = new RunFolder(result.Run).EvaluationFile;
        if (!File.Exists(file)) return;
        try
        {
            var before = EvaluatedRun.Read(file);
            if (!before.IsMeasuredLike(result))
                observer.Note($"Note: {result.Run} had been evaluated on {before.Cost.Contexts:n0} contexts of {string.Join(", ", before.Text)} in {before.ModelDtype}; that is replaced.");
        }
        catch (MxdInputException)
        {
            // What cannot be read is no loss.
        }
    }

    private static EvaluatedRun Describe(EvalRun run, ILayer layer, CostOfReplacement cost, EvaluationText text, ModelIdentity model) => new(
        run.Path, layer.Options.Type, layer.ParameterCount(), layer.Options.Sparsity?.Title, layer.Options.Sparsity?.Active,
        text.ModelDtype, text.Files, text.Contexts.Hash(cost.Contexts), model.WeightsHash, run.Saved.Origin?.TrainedTokens, cost);
}
