using Mxd.Activations;
using Mxd.Corpora;
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
        TrainOptions shared = sweep.Description.Asked.Base;
        var read = new EvaluationText(text, TrainingData.HeldOutFiles(shared), shared.ModelDtype);
        var options = new EvaluationOptions { Contexts = contexts, MeasuresTogether = false };
        RunFolder[] left = [.. trained.Where(folder => !IsDone(folder, read, options, sweep.Description.Model.WeightsHash))];
        if (left.Length > 0)
        {
            LanguageModel model = sweep.LoadModel(cancellation);
            RunEvaluation.Evaluate(model, [.. left.Select(folder => EvalRun.Read(folder.Path))], read, options, observer, sweep.MemoryLimit / 2, cancellation);
        }
        // The file says where the run lay when it was evaluated; a sweep may have been moved since.
        return [.. trained.Select(folder => EvaluatedRun.Read(folder.EvaluationFile) with { Run = folder.Path })];
    }

    /// <summary>What layers are evaluated on: what validation figures are taken on, and more of it where that is less than is asked for.</summary>
    public static PackedContexts Text(PreparedSweep sweep, CancellationToken cancellation = default)
    {
        int contexts = sweep.Description.Asked.Contexts;
        (PackedContexts heldOut, TrainOptions options) = (sweep.HeldOut, sweep.Description.Configurations[0].Options);
        // Beside activations from disk, as much has been read as this asks for.
        return sweep.Store is not null || heldOut.Count >= contexts || heldOut.Count < options.ValidationContexts
            ? heldOut
            : TrainingData.HeldOutOf(options, sweep.Model.Tokenizer, contexts, options.SkipBad ? new BadRows() : null, cancellation: cancellation);
    }

    /// <summary>Has a run been evaluated on just this? <c>mxd eval</c> may have measured it on something else since.</summary>
    private static bool IsDone(RunFolder folder, EvaluationText text, EvaluationOptions options, string weightsHash)
    {
        if (!File.Exists(folder.EvaluationFile)) return false;
        EvaluatedRun done = EvaluatedRun.Read(folder.EvaluationFile);
        long contexts = Math.Min(options.Contexts, text.Contexts.Count), positions = text.Contexts.ContextLength - options.SkipFirst;
        return (done.TextHash, done.ModelDtype, done.WeightsHash) == (text.Contexts.Hash(contexts), text.ModelDtype, weightsHash)
            && (done.Cost.Contexts, done.Cost.SkipFirst, done.Cost.Tokens) == (contexts, options.SkipFirst, contexts * positions);
    }
}
