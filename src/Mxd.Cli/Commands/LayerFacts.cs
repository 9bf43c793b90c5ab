using Mxd.Layers;

namespace Mxd.Cli.Commands;

/// <summary>A layer's sizes and formula in a few words.</summary>
internal static class LayerFacts
{
    public static IEnumerable<string> Of(LayerOptions layer)
    {
        if (layer.Hidden is { } hidden) yield return $"hidden width {hidden}";
        if (layer.Sparsity is { } sparsity) yield return $"{layer.Units:n0} units, {sparsity.Title}";
        if (layer.AuxK is { } aux) yield return $"AuxK {aux.Coefficient} after {aux.DeadAfter:n0} tokens";
        yield return layer.Activation ?? "by least squares";
    }
}
