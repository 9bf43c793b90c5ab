using Microsoft.Extensions.AI;

namespace Mxd.Tests.Chat;

/// <summary>A client whose answers are given by functions, of the words of the last message and the number of the request.</summary>
internal sealed class ScriptedClient(Func<string, int, string> answer) : IChatClient
{
    private int requests;

    public int Requests => requests;

    /// <summary>All messages of the last request.</summary>
    public IReadOnlyList<string> Last { get; private set; } = [];

    public float? Temperature { get; private set; }

    /// <summary>Runs before an answer, with the request's token.</summary>
    public Func<CancellationToken, Task> Before { get; init; } = _ => Task.CompletedTask;

    public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        int number = Interlocked.Increment(ref requests);
        // Requests may run side by side.
        string[] texts = [.. messages.Select(m => m.Text)];
        Last = texts;
        Temperature = options?.Temperature;
        await Before(cancellationToken);
        return new ChatResponse(new ChatMessage(ChatRole.Assistant, answer(texts[1], number))) { Usage = new UsageDetails { InputTokenCount = 100, OutputTokenCount = 10 } };
    }

    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }
}
