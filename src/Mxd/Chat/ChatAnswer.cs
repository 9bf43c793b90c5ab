namespace Mxd.Chat;

/// <summary>What a language model answered.</summary>
/// <param name="Text">The words.</param>
/// <param name="InputTokens">Tokens of the question, as the service counts them; absent where it does not say.</param>
/// <param name="OutputTokens">Tokens of the answer.</param>
public sealed record ChatAnswer(string Text, long? InputTokens, long? OutputTokens);

/// <summary>A question, and how its answer is read.</summary>
/// <param name="Prompt">What is asked.</param>
/// <param name="Read">What an answer says; null where it is none.</param>
/// <param name="AnswerTokens">Tokens that an answer is expected to have, for the forecast.</param>
public sealed record ChatQuestion<T>(ChatPrompt Prompt, Func<string, T?> Read, int AnswerTokens) where T : class;

/// <summary>What came of a question.</summary>
/// <param name="Value">What the answer says; absent where no answer could be read.</param>
/// <param name="Problem">Why there is none, a line.</param>
public sealed record ChatOutcome<T>(T? Value, string? Problem = null) where T : class;
