using System.Globalization;
using Mxd.Layers;

namespace Mxd.Evaluation.Frontiers;

/// <summary>
/// All that tells one configuration from another, apart from seeds, K and the learning rate: runs that agree in it are points of one line. Each fact is
/// said in words, and those that differ between lines of one type become part of their labels.
/// </summary>
internal static class Configuration
{
    /// <param name="withLearningRate">Is each learning rate a line of its own?</param>
    public static IReadOnlyList<string> Facts(ComparedRun run, bool withLearningRate) =>
    [
        .. OfLayer(run.Layer), $"{run.Result.Tokens:n0} tokens", .. OfTraining(run), .. withLearningRate ? [$"lr {Number(run.Options.LearningRate)}"] : (string[])[],
    ];

    private static IEnumerable<string> OfLayer(LayerOptions layer)
    {
        yield return layer.Sparsity switch
        {
            null => "",
            Layers.Sparsity.TopK => "TopK",
            Layers.Sparsity.BatchTopK => "BatchTopK",
            Layers.Sparsity.JumpRelu jump => $"JumpReLU of bandwidth {Number(jump.Bandwidth)}",
            { } other => other.GetType().Name,
        };
        yield return $"{layer.Units:n0} units";
        yield return $"H {layer.Hidden ?? 0}";
        yield return layer.Activation ?? "";
        yield return layer.UnitNorm ? "unit norm" : "free norms";
        yield return $"init {layer.Initialisation}";
        yield return layer.AuxK is { } aux ? $"AuxK {Number(aux.Coefficient)} after {aux.DeadAfter:n0} tokens" : "no AuxK";
    }

    private static IEnumerable<string> OfTraining(ComparedRun run)
    {
        yield return $"batch {run.Options.Batch}";
        yield return $"contexts of {run.Options.Context}";
        yield return $"{run.Options.Schedule} rate";
        yield return $"warmup {run.Options.Warmup}";
        yield return $"{run.Options.Precision} precision";
        yield return $"model in {run.Options.ModelDtype}";
        yield return $"reads {run.Description.Origin.Input}";
        yield return $"text {Short(run.Description.Data.Text)}";
        // A learning rate is chosen by figures on it.
        yield return run.Description.Data.Validation is { } heldOut ? $"held out {Short(heldOut)}" : FormattableString.Invariant($"held out {run.Options.HeldOut:p0}");
    }

    private static string Short(string hash) => hash[..Math.Min(6, hash.Length)];

    /// <summary>The facts of each line that are not those of all lines beside it.</summary>
    public static IReadOnlyList<string[]> Differences(IReadOnlyList<IReadOnlyList<string>> lines) =>
    [
        .. lines.Select(own => own.Where((fact, i) => fact.Length > 0 && lines.Any(other => other[i] != fact)).ToArray()),
    ];

    private static string Number(double value) => value.ToString("0.######", CultureInfo.InvariantCulture);
}
