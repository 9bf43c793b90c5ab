namespace Mxd.Evaluation.Probing;

/// <summary>How well one layer's units tell classes of texts.</summary>
/// <param name="F1">Mean of the classes' F1.</param>
/// <param name="BalancedAccuracy">Mean of the classes' balanced accuracy.</param>
/// <param name="Classes">Each class that has a probe.</param>
public sealed record ProbedLayer(double F1, double BalancedAccuracy, IReadOnlyList<ProbedClass> Classes)
{
    public static ProbedLayer Of(IReadOnlyList<ProbedClass> classes) => new(classes.Average(c => c.F1), classes.Average(c => c.BalancedAccuracy), classes);
}

/// <summary>A run that was probed: an entry of <c>mxd probe --json</c>.</summary>
/// <param name="Run">Its folder.</param>
/// <param name="Type">Kind of layer.</param>
/// <param name="Parameters">Trained values.</param>
/// <param name="Sparsity">How units are chosen, as people read it.</param>
/// <param name="Units">Number of units.</param>
/// <param name="TrainedTokens">Tokens the layer had been trained on; absent where nothing says.</param>
/// <param name="File">Where this is kept; absent in that file itself.</param>
/// <param name="F1">Mean of the classes' F1.</param>
/// <param name="BalancedAccuracy">Mean of the classes' balanced accuracy.</param>
/// <param name="Classes">Each class that has a probe.</param>
/// <param name="Untrained">The same of layers of its shape with freshly drawn weights.</param>
public sealed record ProbedRun(
    string Run, string Type, long Parameters, string? Sparsity, long Units, long? TrainedTokens, string? File, double F1, double BalancedAccuracy, IReadOnlyList<ProbedClass> Classes, IReadOnlyList<ProbedLayer> Untrained);

/// <summary>What <c>mxd probe</c> found, and on what.</summary>
/// <param name="Protocol">How, and on which texts.</param>
/// <param name="DataHash">Of their files.</param>
/// <param name="Model">SHA-256 of the language model's file.</param>
/// <param name="Texts">Texts probed.</param>
/// <param name="TrainTexts">Of them, those that probes were fitted on.</param>
/// <param name="Labels">The classes, those left out with the reason.</param>
/// <param name="Runs">Each run that is done.</param>
/// <param name="Stopped">Was it stopped before all runs were done? Absent where not.</param>
public sealed record ProbeReport(
    ProbeOptions Protocol, string DataHash, string Model, int Texts, int TrainTexts, IReadOnlyList<TextClass> Labels, IReadOnlyList<ProbedRun> Runs, bool? Stopped = null);
