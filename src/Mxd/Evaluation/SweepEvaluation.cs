using Mxd.Activations;
using Mxd.LanguageModels;
using Mxd.Training;

namespace Mxd.Evaluation;

/// <summary>Evaluates the layers of a sweep that are trained and not evaluated yet, on the text that it held out.</summary>
public static class SweepEvaluation
{
    /// <returns>The evaluations of all that are trained, in the order of the configurations; none where the sweep asks for none.</returns>
    /// <exception cref="OperationCanceledException">It was stopped; going on with the sweep evaluates what is left.</exception>
    public static IReadOnlyList<EvaluatedRun> Evaluate(PreparedSweep sweep, IRunObserver observer, CancellationToken cancellation = default)
    {
        int contexts = sweep.Description.Asked.Contexts;
        if (contexts == 0) return [];
        RunFolder[] trained = [.. sweep.Description.Configurations.Where(c => c.State == SweepState.Trained).Select(c => sweep.Folder.Run(c.Name))];
        PackedContexts text = Text(sweep, cancellation);
        if (text.Count < contexts) observer.Note($"Note: the held-out text has {text.Count} contexts, fewer than the {contexts} of --contexts.");
        RunFolder[] left = [.. trained.Where(folder => Done(folder, Math.Min(contexts, text.Count)) is null)];
        if (left.Length > 0)
        {
            LanguageModel model = sweep.LoadModel(cancellation);
            TrainOptions shared = sweep.Description.Asked.Base;
            var read = new EvaluationText(text, EvalInput.HeldOutFiles(shared), shared.ModelDtype);
            RunEvaluation.Evaluate(
                model, [.. left.Select(folder => EvalRun.Read(folder.Path))], read, new EvaluationOptions { Contexts = contexts, MeasuresTogether = false }, observer,
                sweep.MemoryLimit / 2, cancellation);
        }
        return [.. trained.Select(folder => EvaluatedRun.Read(folder.EvaluationFile))];
    }

    /// <summary>What layers are evaluated on: what validation figures are taken on, and more of it where that is less than is asked for.</summary>
    public static PackedContexts Text(PreparedSweep sweep, CancellationToken cancellation = default)
    {
        int contexts = sweep.Description.Asked.Contexts;
        PackedContexts heldOut = sweep.Data.HeldOut;
        return heldOut.Count >= contexts || heldOut.Count < sweep.Description.Asked.Base.ValidationContexts
            ? heldOut
            : TrainingData.HeldOutOf(sweep.Description.Configurations[0].Options, sweep.Model.Tokenizer, contexts, cancellation: cancellation);
    }

    private static EvaluatedRun? Done(RunFolder folder, long contexts) =>
        File.Exists(folder.EvaluationFile) && EvaluatedRun.Read(folder.EvaluationFile) is { } done && done.Cost.Contexts == contexts ? done : null;
}
