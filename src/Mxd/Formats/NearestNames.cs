namespace Mxd.Formats;

/// <summary>Names close to one that was not found, so that an error can say what was probably meant.</summary>
public static class NearestNames
{
    private const int Count = 3;

    /// <summary>Longer names are compared by their last characters, where tensor names differ; this bounds the work.</summary>
    private const int Compared = 96;

    /// <summary>"; the nearest are 'a', 'b' and 'c'", or that there is none at all.</summary>
    public static string Hint(string wanted, IEnumerable<string> names)
    {
        string[] nearest = Find(wanted, names);
        return nearest.Length switch
        {
            0 => "; it holds none",
            1 => "; the nearest is " + Shown.Name(nearest[0]),
            _ => "; the nearest are " + string.Join(", ", nearest[..^1].Select(Shown.Name)) + " and " + Shown.Name(nearest[^1]),
        };
    }

    /// <summary>The few names of least edit distance, nearest first, ties in ordinal order.</summary>
    public static string[] Find(string wanted, IEnumerable<string> names) =>
        [.. names
            .Select(name => (Name: name, Distance: Distance(Tail(wanted), Tail(name))))
            .OrderBy(candidate => candidate.Distance)
            .ThenBy(candidate => candidate.Name, StringComparer.Ordinal)
            .Take(Count)
            .Select(candidate => candidate.Name)];

    private static ReadOnlySpan<char> Tail(string name) => name.AsSpan(Math.Max(0, name.Length - Compared));

    /// <summary>Levenshtein distance, one row of the table at a time.</summary>
    private static int Distance(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        Span<int> row = stackalloc int[Compared + 1];
        for (int j = 0; j <= b.Length; j++) row[j] = j;
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(substituted, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.Length];
    }
}
