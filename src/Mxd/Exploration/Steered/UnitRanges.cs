using System.Globalization;
using Mxd.Runtime;

namespace Mxd.Exploration.Steered;

/// <summary>Units as people name them: <c>3</c>, <c>20-29</c>, <c>all</c>.</summary>
internal static class UnitRanges
{
    /// <summary>The units named, in the order they are named, each once.</summary>
    /// <exception cref="MxdInputException">A name is none, or of a unit that is not there; a line for each.</exception>
    public static IReadOnlyList<int> Parse(IReadOnlyList<string> names, long units)
    {
        var problems = new ProblemList();
        List<int> chosen = [];
        HashSet<int> seen = [];
        foreach (string name in names)
            problems.Collect(() =>
            {
                (int first, int last) = Range(name, units);
                for (int unit = first; unit <= last; unit++)
                    if (seen.Add(unit)) chosen.Add(unit);
            });
        problems.ThrowIfAny();
        return chosen;
    }

    private static (int First, int Last) Range(string name, long units)
    {
        if (name == "all") return (0, (int)units - 1);
        string[] ends = name.Split('-');
        bool isRead = int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out int first);
        int last = first;
        if (ends.Length == 2) isRead &= int.TryParse(ends[1], NumberStyles.None, CultureInfo.InvariantCulture, out last);
        if (!isRead || ends.Length > 2 || last < first) throw new MxdInputException($"--units names '{name}'; give numbers and ranges such as 3,7,20-29, or all.");
        return last < units ? (first, last) : throw new MxdInputException($"--units names unit {last}, but the layer has {units}: choose from 0 to {units - 1}.");
    }
}
