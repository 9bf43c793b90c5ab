namespace Mxd.Exploration;

/// <summary>Why a unit is worth showing.</summary>
public enum Distinction
{
    /// <summary>Nearly all its activation falls on a few tokens.</summary>
    Tokens,

    /// <summary>It is active again and again within few contexts, on various tokens.</summary>
    Topic,
}

/// <summary>A unit worth showing.</summary>
/// <param name="Unit">Its number.</param>
/// <param name="Distinction">What sets it apart.</param>
/// <param name="Score">How far, 0 to 1.</param>
public sealed record ChosenUnit(int Unit, Distinction Distinction, double Score);

/// <summary>
/// A small sample of units that are easy to understand, chosen by rule and not by hand. Of the units that are active in at least
/// <see cref="LeastContexts"/> contexts, half are those with the largest token score and half, by turns, those with the largest topic score:
/// <code>
/// token score = share of the unit's summed activation that falls on its three commonest tokens
/// topic score = 1 - contexts it is active in / contexts it would be active in if the tokens it is active on were scattered at random
///             = 1 - c / (C (1 - (1 - 1/C)^m))          c of C contexts, m tokens; only where the token score is at most ½
/// </code>
/// Of equal scores the unit active in more contexts goes first, then the lower number; a unit whose commonest token another one shown has is passed over.
/// First tokens of contexts do not count.
/// </summary>
public static class UnitSelection
{
    /// <summary>Contexts in which a unit must be active.</summary>
    public const int LeastContexts = 5;

    private const double MostOnTokens = 0.5;

    /// <summary>At most <paramref name="count"/> units, fewer where fewer are active often enough.</summary>
    public static IReadOnlyList<ChosenUnit> Choose(UnitSurvey survey, int count)
    {
        Candidate[] all = [.. Candidates(survey)];
        Queue<Candidate> byTokens = Ranked(all, c => c.Tokens), byTopic = Ranked(all.Where(c => c.Tokens <= MostOnTokens && c.Topic > 0), c => c.Topic);
        List<ChosenUnit> chosen = [];
        HashSet<int> tokens = [];
        while (chosen.Count < count && byTokens.Count + byTopic.Count > 0)
        {
            if (Next(byTokens) is { } first) chosen.Add(new ChosenUnit(first.Unit, Distinction.Tokens, first.Tokens));
            if (chosen.Count < count && Next(byTopic) is { } second) chosen.Add(new ChosenUnit(second.Unit, Distinction.Topic, second.Topic));
        }
        return chosen;

        Candidate? Next(Queue<Candidate> queue)
        {
            while (queue.TryDequeue(out Candidate? candidate))
                if (!chosen.Exists(c => c.Unit == candidate.Unit) && tokens.Add(candidate.CommonestToken)) return candidate;
            return null;
        }
    }

    private static IEnumerable<Candidate> Candidates(UnitSurvey survey)
    {
        double all = survey.Usage.Contexts;
        for (int unit = 0; unit < survey.Usage.Units; unit++)
        {
            if (survey.Tally(unit) is not { } tally || tally.Contexts < LeastContexts) continue;
            IReadOnlyList<(int Token, double Share)> tokens = tally.Tokens.Largest(3);
            double scattered = all * (1 - Math.Pow(1 - 1 / all, tally.Firings));
            yield return new Candidate(unit, tally.Contexts, tokens.Sum(t => t.Share), 1 - tally.Contexts / scattered, tokens.Count > 0 ? tokens[0].Token : -1);
        }
    }

    private static Queue<Candidate> Ranked(IEnumerable<Candidate> candidates, Func<Candidate, double> score) =>
        new(candidates.OrderByDescending(score).ThenByDescending(c => c.Contexts).ThenBy(c => c.Unit));

    private sealed record Candidate(int Unit, long Contexts, double Tokens, double Topic, int CommonestToken);
}
