using Mxd.Layers;
using Mxd.Runtime;

namespace Mxd.Training;

/// <summary>The rules of <see cref="TrainOptions"/> that need no file, each answered by one line.</summary>
public static class TrainOptionsRules
{
    /// <summary>Far above every sensible count, and low enough that no product of counts and widths overflows.</summary>
    private const long MostOfAnything = int.MaxValue;

    /// <summary>Every rule the options break.</summary>
    public static IEnumerable<string> Problems(this TrainOptions o)
    {
        foreach (string file in o.Text.Intersect(o.Validation))
            yield return $"{file} is named by both --text and --validation; held-out text must not be trained on: name another file, or leave --validation out.";
        if (o.Text.Count == 0) yield return "--text is missing; name at least one .jsonl or .txt file.";
        if (LayerTypes.Find(o.Type) is null) yield return $"--type is '{o.Type}'; choose one of {string.Join(", ", LayerTypes.Names)}.";
        if (o.Experts is { } && o.Multiplier is { }) yield return "--experts and --multiplier were both given; they set the same number: give one.";
        if (o.Hidden is { } given && o.Multiplier is { } && LayerTypes.Find(o.Type) is { HasHidden: true, HasUnits: false })
            yield return $"--hidden is {given} and --multiplier {o.Multiplier}, which both set the hidden width of '{o.Type}': give one.";
        if (!LearningRateSchedule.Names.Contains(o.Schedule))
            yield return $"--schedule is '{o.Schedule}'; choose one of {string.Join(", ", LearningRateSchedule.Names)}.";
        if (o.Warmup > 0 && o.Schedule is ("cosine-annealing" or "cosine-restarts"))
            yield return $"--warmup is {o.Warmup}, but the schedule '{o.Schedule}' has none: leave it out, or choose cosine.";
        if (o.Activation is { } activation && !ActivationFunction.Names.Contains(activation))
            yield return $"--activation is '{activation}'; choose one of {string.Join(", ", ActivationFunction.Names)}.";
        if (o.Hidden is { } hidden && LayerTypes.Find(o.Type) is { HasHidden: false })
            yield return $"--hidden is {hidden}, but '{o.Type}' has no hidden layer: leave it out.";
        if (o.ModelDtype is not ("float32" or "bfloat16")) yield return $"--model-dtype is '{o.ModelDtype}'; choose float32 or bfloat16.";
        if (o.Precision is not (Precisions.Full or Precisions.Mixed)) yield return Precisions.Unknown(o.Precision);
        if (!(o.LearningRate > 0 && double.IsFinite(o.LearningRate))) yield return $"--lr is {o.LearningRate}; it must be a number above 0.";
        if (o.HeldOut is not (> 0 and < 1)) yield return $"--held-out is {o.HeldOut}; it is a share, above 0 and below 1.";
        foreach (string problem in Counts(o).Concat(Sparsities(o)).Concat(Sizes(o)).Concat(HookPoints(o))) yield return problem;
    }

    /// <summary>A coefficient without its kind, or a kind without its coefficient, would be an option that does nothing.</summary>
    private static IEnumerable<string> Sparsities(TrainOptions o)
    {
        if (o.UnitNorm && o.NoUnitNorm) yield return "--unit-norm and --no-unit-norm were both given: give one.";
        if (o.Init is not ("reference" or "kaiming" or "transpose")) yield return $"--init is '{o.Init}'; choose reference, kaiming or transpose.";
        if (o.DeadAfter is { } after && o.AuxK is null) yield return $"--dead-after is {after}, but there is no --aux-k that it concerns: give both, or neither.";
        (string Option, object? Value, string[] Kinds)[] belong =
        [
            ("--k", o.K, ["topk", "batch-topk"]), ("--l1", o.L1, ["l1"]), ("--l0", o.L0, ["jumprelu"]), ("--bandwidth", o.Bandwidth, ["jumprelu"]),
        ];
        if (!belong.Any(b => b.Kinds.Contains(o.SparsityName)))
        {
            yield return $"--sparsity is '{o.SparsityName}'; choose topk, l1, batch-topk or jumprelu.";
            yield break;
        }
        foreach ((string option, object? value, string[] kinds) in belong)
            if (value is not null && !kinds.Contains(o.SparsityName))
                yield return FormattableString.Invariant($"{option} is {value}, which the sparsity {o.SparsityName} does not use: leave it out, or choose --sparsity {kinds[0]}.");
        if (o is { SparsityName: "l1", L1: null }) yield return "--sparsity is l1, which needs a coefficient: give --l1.";
        if (o is { SparsityName: "jumprelu", L0: null }) yield return "--sparsity is jumprelu, which needs a coefficient: give --l0.";
    }

    private static IEnumerable<string> Counts(TrainOptions o)
    {
        (string Name, long? Value, long Least)[] counts =
        [
            ("--layer", o.Layer, 0), ("--k", o.K, 1), ("--experts", o.Experts, 1), ("--multiplier", o.Multiplier, 1), ("--hidden", o.Hidden, 1),
            ("--batch", o.Batch, 1), ("--context", o.Context, 2), ("--warmup", o.Warmup, 0), ("--harvest-batch", o.HarvestBatch, 1),
            ("--buffer", o.Buffer, 1), ("--validation-contexts", o.ValidationContexts, 1), ("--log-every", o.LogEvery, 1),
            ("--checkpoint-every", o.CheckpointEvery, 1), ("--dead-after", o.DeadAfter, 1),
        ];
        foreach ((string name, long? value, long least) in counts)
        {
            if (value < least) yield return $"{name} is {value}; it must be at least {least}.";
            if (value > MostOfAnything) yield return $"{name} is {value}; it must be at most {MostOfAnything}.";
        }
        if (o.Experts >= 1 && o.K > o.Experts) yield return $"--k is {o.K}, more than the {o.Experts} units of --experts: give a K from 1 to {o.Experts}.";
    }

    private static IEnumerable<string> Sizes(TrainOptions o)
    {
        if (o.Batch is < 1 or > MostOfAnything || o.Context < 2 || o.Buffer is < 1 or > MostOfAnything) yield break;
        if (o.Steps < 1)
            yield return $"--tokens is {o.Tokens}, of which whole contexts of {o.Context} leave {o.Contexts * o.Context}, less than one batch of {o.Batch}: raise --tokens or lower --batch.";
        // A refill takes whole contexts into what a rest of less than a batch leaves free.
        double least = Math.Ceiling(Math.Max(2.0 * o.Batch, o.Batch + o.Context - 1.0) / o.Context);
        if (o.Buffer < least)
            yield return $"--buffer is {o.Buffer} contexts of {o.Context} tokens, but it must hold two batches of {o.Batch}, or one and a context: give at least {least}.";
    }

    private static IEnumerable<string> HookPoints(TrainOptions o)
    {
        string? problem = null;
        try
        {
            if (LayerTypes.Find(o.Type) is { IsAutoencoder: true } && o.OutputHook != o.InputHook)
                problem = $"--input is {o.InputHook} and --output {o.OutputHook}, but '{o.Type}' returns its input: give one of them.";
            else if (o.OutputHook.IsBefore(o.InputHook))
                problem = $"--output {o.OutputHook} comes before --input {o.InputHook} in the forward pass: exchange them.";
        }
        catch (MxdInputException e)
        {
            problem = e.Message;
        }
        if (problem is not null) yield return problem;
    }
}
