using Mxd.Layers;

namespace Mxd.Exploration.Reports;

/// <summary>Layers as people name them.</summary>
internal static class LayerName
{
    /// <summary>Such as "MxD, K = 32".</summary>
    public static string Of(ReportedRun run) => run.Evaluation.Sparsity is { } sparsity ? $"{Title(run)}, {sparsity.Replace(" = ", "\u00a0=\u00a0", StringComparison.Ordinal)}" : Title(run);

    /// <summary>Its units: experts where each is a map of its own, latents where each is a vector.</summary>
    public static string Units(ReportedRun run) => LayerTypes.Find(run.Evaluation.Type) is { HasHidden: true } ? "experts" : "latents";

    public static string Title(ReportedRun run) => LayerTypes.Find(run.Evaluation.Type)?.Title ?? run.Evaluation.Type;
}
