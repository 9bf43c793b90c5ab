using System.Globalization;
using System.Text;
using System.Text.Json;
using Mxd.Chat;
using Mxd.Runtime;

namespace Mxd.Exploration.Naming;

/// <summary>What language models are asked about a unit's name. Every word stands in <c>docs/naming.md</c> too.</summary>
public static class NamePrompts
{
    public const string NamerSystem = "You find out what a part of a language model responds to. You answer with one JSON object and nothing else.";

    /// <summary>With a place for excerpts.</summary>
    public const string NamerUser = """
        A part of a language model, a unit, is active on some tokens of a text and not on others. Below are excerpts in which it is active, each a JSON string. A token on which it is active stands between « and », followed by how active it is there, from (1) to (10), the most seen.

        What do these tokens, or the texts around them, have in common? Be as specific as the excerpts allow: a word or a part of one, a grammatical form, a topic, a language, a kind of text. A description is good if somebody who has nothing else can tell by it in which other texts the unit is active, and in which it is not.

        Excerpts:
        {excerpts}

        Answer in this form: {"name": "AT MOST EIGHT WORDS", "explanation": "ONE SENTENCE"}
        """;

    public const string ScorerSystem = "You decide in which texts there is what a description says. You answer with one JSON object and nothing else.";

    /// <summary>With places for the name and excerpts.</summary>
    public const string ScorerUser = """
        A part of a language model responds to something that somebody has described as {name}. Below are {count} excerpts of texts, each a JSON string. It is active in some of them, and not in the others. In which is it active, as far as the description tells?

        Excerpts:
        {excerpts}

        Answer in this form, with the numbers of those in which it is active, none or any: {"active": [NUMBERS]}
        """;

    /// <summary>Tokens of answers in these forms, about, and of a name that is not known yet.</summary>
    private const int NamerTokens = 60, ScorerTokens = 40;

    private const int Strongest = 10, LongestName = 120, LongestExplanation = 600;

    /// <summary>Of about the length of a name.</summary>
    internal static UnitNaming Unknown { get; } = new("a name of eight words, as it may be", "");

    internal static ChatQuestion<UnitNaming> Name(UnitEvidence evidence)
    {
        double most = evidence.Shown.Max(excerpt => excerpt.Values.Max());
        return new ChatQuestion<UnitNaming>(new ChatPrompt(NamerSystem, ChatPrompt.Fill(NamerUser, ("excerpts", List(evidence.Shown.Select(excerpt => Marked(excerpt, most)))))), UnitNaming.Read, NamerTokens);
    }

    internal static ChatQuestion<Detection> Test(UnitNaming naming, UnitEvidence evidence)
    {
        string user = ChatPrompt.Fill(ScorerUser, ("name", Quoted(naming.Name)), ("count", evidence.Tested.Count.ToString(CultureInfo.InvariantCulture)), ("excerpts", List(evidence.Tested.Select(tested => tested.Text))));
        return new ChatQuestion<Detection>(new ChatPrompt(ScorerSystem, user), answer => Detection.Read(answer, evidence.Tested.Count), ScorerTokens);
    }

    /// <summary>An excerpt as it is, without a first token that stands before every context.</summary>
    internal static string Plain(UnitExcerpt excerpt) => string.Concat(excerpt.Tokens.Skip(excerpt.Start == 0 ? 1 : 0)).Trim();

    /// <summary>An excerpt with its active tokens marked. Of tokens of one character, which the last one has, the last one's mark is seen.</summary>
    internal static string Marked(UnitExcerpt excerpt, double most)
    {
        var text = new StringBuilder();
        for (int i = excerpt.Start == 0 ? 1 : 0; i < excerpt.Tokens.Count; i++)
        {
            int strength = (int)Math.Ceiling(Strongest * excerpt.Values[i] / most);
            if (strength <= 0) text.Append(excerpt.Tokens[i]);
            else text.Append(CultureInfo.InvariantCulture, $"«{excerpt.Tokens[i]}»({Math.Min(strength, Strongest)})");
        }
        return text.ToString().Trim();
    }

    internal static string? Words(JsonElement value, string property, bool isName)
    {
        if (!value.TryGetProperty(property, out JsonElement text) || text.ValueKind != JsonValueKind.String) return null;
        string words = string.Join(' ', text.GetString()!.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return words.Length == 0 || words.Length > (isName ? LongestName : LongestExplanation) || NamerUser.Contains($"\"{words}\"", StringComparison.Ordinal) ? null : words;
    }

    private static string List(IEnumerable<string> texts) => string.Join('\n', texts.Select((text, i) => string.Create(CultureInfo.InvariantCulture, $"{i + 1}. {Quoted(text)}")));

    private static string Quoted(string text) => JsonSerializer.Serialize(text, Json.Compact);
}

/// <summary>What a namer says of a unit.</summary>
internal sealed record UnitNaming(string Name, string Explanation)
{
    /// <summary>Null where an answer has no name, or one that is too long to be one.</summary>
    public static UnitNaming? Read(string answer) =>
        AnswerJson.Find(answer, "name", "explanation") is { } found && NamePrompts.Words(found, "name", true) is { } name && NamePrompts.Words(found, "explanation", false) is { } explanation
            ? new UnitNaming(name, explanation)
            : null;
}

/// <summary>The excerpts, by number from 0, in which a scorer holds a unit for active.</summary>
internal sealed record Detection(IReadOnlySet<int> Active)
{
    /// <summary>Null where an answer is no list of numbers of excerpts.</summary>
    public static Detection? Read(string answer, int count)
    {
        if (AnswerJson.Find(answer, "active") is not { } found || found.GetProperty("active") is not { ValueKind: JsonValueKind.Array } list) return null;
        HashSet<int> active = [];
        foreach (JsonElement number in list.EnumerateArray())
        {
            if (number.ValueKind != JsonValueKind.Number || !number.TryGetInt32(out int place) || place < 1 || place > count) return null;
            active.Add(place - 1);
        }
        return new Detection(active);
    }
}
