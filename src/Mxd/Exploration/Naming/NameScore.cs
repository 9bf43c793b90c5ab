namespace Mxd.Exploration.Naming;

/// <summary>How well a name tells in which held-out excerpts its unit is active.</summary>
/// <param name="Active">Excerpts in which it is active.</param>
/// <param name="Inactive">Those in which it is not, as many.</param>
/// <param name="Found">Of the first, those said to be active.</param>
/// <param name="Wrong">Of the second, those said to be active.</param>
public sealed record NameScore(int Active, int Inactive, int Found, int Wrong)
{
    /// <summary>Mean of the shares of active and of inactive excerpts that are said right: ½ for a name that says nothing, whatever is answered.</summary>
    public double BalancedAccuracy => (Recall + (double)(Inactive - Wrong) / Inactive) / 2;

    /// <summary>Of those said to be active, the share that is; absent where none is said to be.</summary>
    public double Precision => Found + Wrong == 0 ? double.NaN : (double)Found / (Found + Wrong);

    /// <summary>Of those that are active, the share said to be.</summary>
    public double Recall => (double)Found / Active;

    internal static NameScore Of(Detection detection, IReadOnlyList<TestedExcerpt> tested) => new(
        tested.Count(t => t.IsActive), tested.Count(t => !t.IsActive),
        tested.Where((t, i) => t.IsActive && detection.Active.Contains(i)).Count(), tested.Where((t, i) => !t.IsActive && detection.Active.Contains(i)).Count());
}
