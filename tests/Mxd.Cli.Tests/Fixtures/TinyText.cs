using System.Text;
using System.Text.Json;

namespace Mxd.Cli.Tests.Fixtures;

/// <summary>Documents of made-up sentences, the same for the same seed.</summary>
internal static class TinyText
{
    private static readonly string[] words =
        ["the", "expert", "layer", "reads", "a", "token", "and", "writes", "it", "again", "in", "another", "way", "every", "gate", "opens", "café", "42"];

    /// <summary>Documents of about 200 tokens each.</summary>
    public static IReadOnlyList<string> Documents(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(number => Document(number, random))];
    }

    public static void SaveJsonLines(string path, IEnumerable<string> documents) =>
        File.WriteAllLines(path, documents.Select(text => JsonSerializer.Serialize(new Dictionary<string, string> { ["text"] = text })));

    private static string Document(int number, Random random)
    {
        var text = new StringBuilder($"Document {number}: ");
        for (int word = 0; word < 45; word++) text.Append(words[random.Next(words.Length)]).Append(word % 9 == 8 ? ". " : " ");
        return text.ToString().TrimEnd();
    }
}
