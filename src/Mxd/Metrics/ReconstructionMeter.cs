using Mxd.Layers;
using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;

namespace Mxd.Metrics;

/// <summary>How well a layer's output matches its target, over a number of tokens.</summary>
/// <param name="Fvu">Fraction of variance unexplained: Σ‖y - t‖² / Σ‖t - t̄‖², t̄ the mean target.</param>
/// <param name="NormScaledMse">Mean over tokens and outputs of (y - t)² / ‖t‖₂; tokens with ‖t‖ = 0 left out.</param>
/// <param name="L0">Mean number of active units a token.</param>
/// <param name="DeadFraction">Share of units that were active on none of the tokens; 0 where there are no units.</param>
/// <param name="Tokens">Tokens measured.</param>
/// <param name="ZeroNormTargets">Tokens left out of NormScaledMse.</param>
public sealed record Reconstruction(double Fvu, double NormScaledMse, double L0, double DeadFraction, long Tokens, long ZeroNormTargets);

/// <summary>Accumulates a <see cref="Reconstruction"/> over batches in float64.</summary>
public sealed class ReconstructionMeter : IDisposable
{
    private readonly Tensor firings;
    private readonly VarianceMeter targets = new();
    private double squaredError, scaledError, active;
    private long tokens, scaledTokens;
    private long outputs = 1;

    public ReconstructionMeter(long units, Device device) => firings = zeros(units, dtype: ScalarType.Int64, device: device).DetachFromDisposeScope();

    /// <summary>Adds outputs y [B,O] beside targets t [B,O], and the codes that gave them.</summary>
    public void Add(Tensor y, Tensor target, SparseCodes codes)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor t = target.to(ScalarType.Float64);
        Tensor residual = y.to(ScalarType.Float64) - t, errors = (residual * residual).sum(1);
        Tensor norms = linalg.vector_norm(t, 2, [1]);
        Tensor positive = norms > Zero;
        outputs = t.shape[1];
        tokens += t.shape[0];
        scaledTokens += positive.sum().ToInt64();
        squaredError += errors.sum().ToDouble();
        scaledError += (errors.masked_select(positive) / norms.masked_select(positive)).sum().ToDouble();
        active += codes.ActiveCounts().sum().ToInt64();
        codes.CountFirings(firings);
        targets.Add(t);
    }

    public Reconstruction Result()
    {
        using DisposeScope scope = NewDisposeScope();
        return new Reconstruction(
            Fvu: squaredError / targets.SumOfSquares,
            NormScaledMse: scaledError / ((double)scaledTokens * outputs),
            L0: active / tokens,
            DeadFraction: firings.shape[0] == 0 ? 0 : (firings == Zero).to(ScalarType.Float64).mean().ToDouble(),
            Tokens: tokens,
            ZeroNormTargets: tokens - scaledTokens);
    }

    public void Dispose()
    {
        firings.Dispose();
        targets.Dispose();
    }
}
