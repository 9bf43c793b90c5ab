using Mxd.Exploration.Units;
using Mxd.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Exploration.Health;

/// <summary>Whether a layer's units are different from one another.</summary>
/// <param name="Encoders">What units look for: gates of experts, encoder rows of latents.</param>
/// <param name="Decoders">What they do: maps W_n = D diag(c_n) of experts, decoder rows of latents.</param>
/// <param name="Collapse">What is wrong, in a sentence; absent where nothing is.</param>
public sealed record UnitDiversity(AlikeUnits Encoders, AlikeUnits Decoders, string? Collapse)
{
    /// <summary>Share of units with a near-equal one from which on that is said.</summary>
    private const double ManyAlike = 0.1;

    /// <summary>Compares the units' vectors; null for a layer that has none.</summary>
    public static UnitDiversity? Of(ILayer layer, CancellationToken cancellation = default)
    {
        using DisposeScope scope = NewDisposeScope();
        if (UnitVectors.Of(layer) is not { } vectors) return null;
        AlikeUnits encoders = AlikeUnits.Of(vectors.Encoder, cancellation: cancellation), decoders = AlikeUnits.Of(vectors.Decoder, cancellation: cancellation);
        return new UnitDiversity(encoders, decoders, Diagnose(encoders, decoders, vectors.IsMixture));
    }

    private static string? Diagnose(AlikeUnits encoders, AlikeUnits decoders, bool isMixture)
    {
        if (decoders.MeanCosine >= AlikeUnits.Nearly)
            return isMixture
                ? FormattableString.Invariant($"All c_n point the same way (mean cosine {decoders.MeanCosine:f3}), so this mixture is one plain MLP whose output is scaled by the sum of the coefficients.")
                : FormattableString.Invariant($"All decoder vectors point the same way (mean cosine {decoders.MeanCosine:f3}), so this layer can only add multiples of one vector.");
        if (encoders.MeanCosine >= AlikeUnits.Nearly)
            return FormattableString.Invariant($"All units look for the same (mean cosine of their {(isMixture ? "gates" : "encoder rows")} {encoders.MeanCosine:f3}), so which of them are active says nothing.");
        double share = (double)Math.Max(encoders.NearlyEqual, decoders.NearlyEqual) / Math.Max(1, encoders.Compared);
        return share >= ManyAlike
            ? FormattableString.Invariant($"{100 * share:f0} % of the units have another one that is nearly equal (cosine {AlikeUnits.Nearly} or more) in what it {(encoders.NearlyEqual >= decoders.NearlyEqual ? "looks for" : "does")}: the layer has fewer different units than it counts.")
            : null;
    }
}
