namespace Mxd.Layers;

/// <summary>How much of its space one expert's linear map W_n [H,O] uses.</summary>
/// <param name="Expert">n, from 0.</param>
/// <param name="Rank">Singular values above the numerical zero, <see cref="ExpertSpectra.Tolerance"/> · σ₁.</param>
/// <param name="NormalisedRank">Rank / min(H,O): 1 for an expert of full rank.</param>
/// <param name="EffectiveRank">
/// exp(-Σ p_i ln p_i) with p_i = σ_i / Σσ: how many directions carry the map, from 1 to min(H,O); 0 where W_n is zero.
/// </param>
/// <param name="SingularValues">min(H,O) of them, descending.</param>
public sealed record ExpertSpectrum(long Expert, int Rank, double NormalisedRank, double EffectiveRank, IReadOnlyList<double> SingularValues)
{
    /// <param name="expert">n.</param>
    /// <param name="singularValues">Descending; at least one.</param>
    /// <param name="tolerance">Share of the largest below which a singular value counts as zero.</param>
    public static ExpertSpectrum From(long expert, IReadOnlyList<double> singularValues, double tolerance)
    {
        double sum = singularValues.Sum(), zero = tolerance * singularValues[0];
        int rank = singularValues.Count(sigma => sigma > zero);
        double entropy = -singularValues.Where(sigma => sigma > 0).Sum(sigma => sigma / sum * Math.Log(sigma / sum));
        return new ExpertSpectrum(expert, rank, (double)rank / singularValues.Count, sum > 0 ? Math.Exp(entropy) : 0, singularValues);
    }
}
