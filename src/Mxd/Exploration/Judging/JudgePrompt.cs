using System.Globalization;
using System.Text.Json;
using Mxd.Chat;
using Mxd.Runtime;

namespace Mxd.Exploration.Judging;

/// <summary>What a language model is asked about a unit's samples: two numbers, as in the published experiment, in words of our own. They stand in <c>docs/judging.md</c> too.</summary>
public static class JudgePrompt
{
    public const string System = "You score texts that a small language model wrote. You answer with one JSON object and nothing else.";

    /// <summary>With places for the prompt and the samples.</summary>
    public const string User = """
        A language model continued the beginning {prompt} several times, while something inside it was changed. Its continuations are below, each a JSON string.

        Give them two scores between 0 and 1, as decimal numbers:
        - "concept": do the continuations share one recognisable concept: a topic, a language, a style, a kind of word? 1 means that all of them clearly share a specific one, 0.5 that about half of them do or that what they share is vague, 0 that they share nothing. It does not matter how well they are written, nor what the concept is.
        - "fluency": are the continuations grammatical and natural, whatever language they are in? 1 means that all of them read as if a person had written them, 0.5 that they can be understood but have plain errors, 0 that they are no language: fragments, signs, the same words over and over. A continuation may break off at its end; that is no error.

        Continuations:
        {samples}

        Answer in this form: {"concept": NUMBER, "fluency": NUMBER}
        """;

    /// <summary>Tokens of an answer in that form, about.</summary>
    private const int AnswerTokens = 20;

    internal static ChatQuestion<ChatScores> Of(string prompt, IReadOnlyList<string> samples) => new(
        new ChatPrompt(System, ChatPrompt.Fill(User, ("prompt", Quoted(prompt)), ("samples", string.Join('\n', samples.Select((sample, i) => string.Create(CultureInfo.InvariantCulture, $"{i + 1}. {Quoted(sample)}")))))),
        ChatScores.Read,
        AnswerTokens);

    private static string Quoted(string text) => JsonSerializer.Serialize(text, Json.Compact);
}

/// <summary>The two numbers of an answer.</summary>
internal sealed record ChatScores(double Concept, double Fluency)
{
    /// <summary>Null where they are not there, or not between 0 and 1.</summary>
    public static ChatScores? Read(string answer) =>
        AnswerJson.Find(answer, "concept", "fluency") is { } found && AnswerJson.Share(found, "concept") is { } concept && AnswerJson.Share(found, "fluency") is { } fluency
            ? new ChatScores(concept, fluency)
            : null;
}
