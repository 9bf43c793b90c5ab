namespace Mxd.Chat;

/// <summary>What asking a service took, or will take.</summary>
/// <param name="Requests">Requests answered, or to be made.</param>
/// <param name="Known">Answers that were there from before.</param>
/// <param name="InputTokens">Tokens of the questions.</param>
/// <param name="OutputTokens">Tokens of the answers.</param>
/// <param name="Uncounted">Of the requests, those whose tokens the service did not count.</param>
public sealed record ChatUsage(int Requests, int Known, long InputTokens, long OutputTokens, int Uncounted = 0)
{
    /// <summary>What it costs; null where the price is not known. What is free costs 0.</summary>
    public double? Cost(ChatService service) => service.IsFree || Requests == 0 ? 0 : service.Price?.Of(InputTokens, OutputTokens);

    /// <summary>Of both together.</summary>
    public ChatUsage Plus(ChatUsage other) =>
        new(Requests + other.Requests, Known + other.Known, InputTokens + other.InputTokens, OutputTokens + other.OutputTokens, Uncounted + other.Uncounted);

    /// <summary>With one answer more.</summary>
    internal ChatUsage With(ChatAnswer? answer) => this with
    {
        Requests = Requests + 1,
        InputTokens = InputTokens + (answer?.InputTokens ?? 0),
        OutputTokens = OutputTokens + (answer?.OutputTokens ?? 0),
        Uncounted = Uncounted + (answer?.InputTokens is null || answer.OutputTokens is null ? 1 : 0),
    };
}
