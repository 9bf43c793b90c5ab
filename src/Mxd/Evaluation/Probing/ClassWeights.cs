namespace Mxd.Evaluation.Probing;

/// <summary>Weights under which both sides of a contrast count alike, however many there are: s = n / (2 n_side).</summary>
/// <param name="Member">Of each member of the class.</param>
/// <param name="Other">Of each of the rest.</param>
internal readonly record struct ClassWeights(double Member, double Other)
{
    /// <exception cref="ArgumentException">All are on one side.</exception>
    public static ClassWeights Of(ReadOnlySpan<bool> members)
    {
        int count = members.Count(true), others = members.Length - count;
        return count > 0 && others > 0
            ? new ClassWeights(members.Length / (2.0 * count), members.Length / (2.0 * others))
            : throw new ArgumentException($"Of {members.Length} texts {count} are of the class; a probe needs some that are and some that are not.", nameof(members));
    }
}
