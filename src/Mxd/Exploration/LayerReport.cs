using Mxd.Exploration.Health;
using Mxd.Interchange;
using Mxd.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Exploration;

/// <summary>A tensor of a saved layer, in the orientation of its file.</summary>
/// <param name="Key">Its name there.</param>
/// <param name="Shape">Its sizes.</param>
/// <param name="Trained">Did the optimizer move it?</param>
/// <param name="Norm">‖·‖₂ of all its values.</param>
public sealed record ParameterReport(string Key, IReadOnlyList<long> Shape, bool Trained, double Norm);

/// <summary>Ranks of experts written out, W_n = D diag(c_n), over a sample of them spread evenly.</summary>
/// <param name="Sampled">Experts in the sample.</param>
/// <param name="LargestPossible">min(H, O).</param>
/// <param name="Minimum">The smallest rank.</param>
/// <param name="Mean">The mean rank.</param>
/// <param name="MeanNormalised">Its share of the largest possible.</param>
/// <param name="MeanEffective">Mean of exp(entropy of σ / Σσ): how many directions share the weight.</param>
/// <param name="Experts">Each of the sample.</param>
public sealed record RankReport(
    int Sampled, long LargestPossible, int Minimum, double Mean, double MeanNormalised, double MeanEffective, IReadOnlyList<ExpertSpectrum> Experts);

/// <summary>What a saved layer is and costs, from its file alone.</summary>
/// <param name="Saved">Its header.</param>
/// <param name="Parameters">Each tensor.</param>
/// <param name="Cost">Operations and memory at <paramref name="Batch"/> tokens at once.</param>
/// <param name="Batch">Tokens at once.</param>
/// <param name="Ranks">Of a sample of experts; null for types whose units are vectors, or that have none.</param>
/// <param name="Diversity">Whether units are different from one another; null for types without.</param>
public sealed record LayerReport(SavedLayer Saved, IReadOnlyList<ParameterReport> Parameters, LayerCost Cost, long Batch, RankReport? Ranks, UnitDiversity? Diversity)
{
    /// <summary>The key that experts have and other units have not.</summary>
    internal const string Scales = "W_cond";

    /// <summary>Reads a layer and works its facts out.</summary>
    /// <param name="file">A layer.safetensors.</param>
    /// <param name="batch">Tokens at once, for memory.</param>
    /// <param name="sample">Experts whose spectrum is worked out, at most.</param>
    /// <param name="cancellation">Stops between parts of the work.</param>
    /// <exception cref="Runtime.MxdInputException">The file is not a saved layer.</exception>
    public static LayerReport Of(string file, long batch, int sample, CancellationToken cancellation = default)
    {
        using IDisposable noGrad = no_grad();
        (SavedLayer saved, ILayer layer) = NativeLayer.Load(file, CPU);
        using (layer)
            return new LayerReport(
                saved, [.. layer.Parameters.Select(Describe)], LayerCost.Of(saved.Layer, batch), batch, layer.Parameters.Any(p => p.Key == Scales) ? Rank(layer, sample) : null,
                UnitDiversity.Of(layer, cancellation));
    }

    private static ParameterReport Describe(Parameter parameter)
    {
        using DisposeScope scope = NewDisposeScope();
        return new ParameterReport(parameter.Key, parameter.AsStored().shape, parameter.IsTrained, parameter.Value.to(ScalarType.Float64).norm().ToDouble());
    }

    private static RankReport Rank(ILayer layer, int sample)
    {
        using ExpertSpectra spectra = ExpertSpectra.Of(layer.Parameter(Scales).Value, layer.Parameter("W_dec").Value);
        int count = (int)Math.Min(sample, spectra.Experts);
        ExpertSpectrum[] experts = [.. spectra.Spectra(Enumerable.Range(0, count).Select(i => i * spectra.Experts / count))];
        return new RankReport(
            count,
            Math.Min(layer.Options.Hidden!.Value, layer.Options.OutputWidth),
            experts.Min(e => e.Rank),
            experts.Average(e => e.Rank),
            experts.Average(e => e.NormalisedRank),
            experts.Average(e => e.EffectiveRank),
            experts);
    }
}
