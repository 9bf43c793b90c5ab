using System.Text.Json;
using System.Text.RegularExpressions;

namespace Mxd.Tests.Chat;

/// <summary>A namer and scorer of a few lines: it names a unit by the word that is marked most often, and finds the texts that have that word.</summary>
internal static partial class WordNamer
{
    public static string Answer(string question)
    {
        string[] excerpts = [.. Excerpt().Matches(question).Select(m => JsonSerializer.Deserialize<string>(m.Groups[1].Value)!)];
        if (Described().Match(question) is { Success: true } described)
        {
            string name = JsonSerializer.Deserialize<string>(described.Groups[1].Value)!;
            return $"{{\"active\": [{string.Join(", ", Enumerable.Range(0, excerpts.Length).Where(i => excerpts[i].Split(' ').Contains(name)).Select(i => i + 1))}]}}";
        }
        // A token may be no more than a space.
        string word = excerpts.SelectMany(e => Marked().Matches(e)).Select(m => m.Groups[1].Value.Trim()).Where(w => w.Length > 0).GroupBy(w => w)
            .OrderByDescending(g => g.Count()).ThenBy(g => g.Key, StringComparer.Ordinal).FirstOrDefault()?.Key ?? "nothing";
        return JsonSerializer.Serialize(new { name = word, explanation = $"The word {word}." });
    }

    [GeneratedRegex("(?m)^[0-9]+\\. (\".*\")$")]
    private static partial Regex Excerpt();

    [GeneratedRegex("described as (\".*?\")\\. Below")]
    private static partial Regex Described();

    [GeneratedRegex(@"«([^»]*)»\([0-9]+\)")]
    private static partial Regex Marked();
}
