using Microsoft.Extensions.AI;
using Mxd.Runtime;

namespace Mxd.Chat;

/// <summary>
/// Asks one service: what was answered before is taken from the cache; what may pass (429, 5xx, broken connections, silence) is asked again after growing waits; an answer that cannot
/// be read is asked for again, with a reminder. A question that is refused (400, 413, 422) is a problem of its own. A service that does not answer any more, or refuses the first questions
/// one after another, fails for good, and is asked nothing further.
/// </summary>
public sealed class ChatAsker : IDisposable
{
    /// <summary>Added to a question whose answer could not be read.</summary>
    public const string Reminder = "Your answer could not be read. Answer with one JSON object of the form asked for, and nothing else.";

    /// <summary>How often a question is asked whose answers cannot be read.</summary>
    private const int Tries = 3;

    /// <summary>Refused questions in a row, before any answer, after which it is the service that does not work.</summary>
    private const int MostRefused = 3;

    private readonly ChatCache? cache;
    private readonly ChatPatience patience;
    private readonly TimeProvider time;
    private readonly Action<string>? note;
    private readonly CancellationTokenSource failed = new();
    private readonly Lock state = new();
    private readonly AskingGate gate;
    private bool hasAnswered;
    private int refused;

    /// <param name="service">Who is asked.</param>
    /// <param name="cache">Answers from before; null asks for all of them again.</param>
    /// <param name="patience">How long it is asked again.</param>
    /// <param name="note">Told, a line each, of waits.</param>
    /// <param name="time">Measures waits.</param>
    public ChatAsker(ChatService service, ChatCache? cache, ChatPatience? patience = null, Action<string>? note = null, TimeProvider? time = null)
    {
        (Service, this.cache, this.patience, this.note, this.time) = (service, cache, patience ?? new ChatPatience(), note, time ?? TimeProvider.System);
        gate = new AskingGate(this.patience, this.time);
    }

    public ChatService Service { get; }

    /// <summary>What asking took so far.</summary>
    public ChatUsage Usage { get; private set; } = new(0, 0, 0, 0);

    /// <summary>Why the service is asked nothing any more, a line; null while it is.</summary>
    public string? Failure { get; private set; }

    /// <summary>The answer that is there from before; null where there is none that can be read.</summary>
    public T? Known<T>(ChatQuestion<T> question) where T : class => cache?.Find(question.Prompt.KeyFor(Service)) is { } answer ? Read(question, answer) : null;

    /// <summary>Does it work, by an answer of now or before?</summary>
    private bool IsProven => hasAnswered || Usage.Known > 0;

    /// <summary>Answers that were known make a part of what asking took.</summary>
    internal void CountKnown(int answers)
    {
        lock (state) Usage = Usage with { Known = Usage.Known + answers };
    }

    /// <summary>Asks; null where the service has failed.</summary>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public async Task<ChatOutcome<T>?> Ask<T>(ChatQuestion<T> question, CancellationToken cancellation) where T : class
    {
        string problem = "";
        for (int attempt = 1; attempt <= Tries; attempt++)
        {
            if (await Answer(question.Prompt, isRepeated: attempt > 1, cancellation).ConfigureAwait(false) is not { } said) return null;
            if (said.Refusal is { } refusal) return new ChatOutcome<T>(null, refusal);
            if (said.Answer is { } answer && Read(question, answer) is { } value)
            {
                cache?.Save(question.Prompt.KeyFor(Service), answer);
                return new ChatOutcome<T>(value);
            }
            problem = said.Oddity ?? "gave no answer that can be read";
        }
        return new ChatOutcome<T>(null, $"{Service.Name} {problem}, {Tries} times");
    }

    public void Dispose()
    {
        Service.Dispose();
        failed.Dispose();
    }

    /// <summary>What the service says, after as many repetitions as that takes; null where it has failed.</summary>
    private async Task<Said?> Answer(ChatPrompt prompt, bool isRepeated, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, failed.Token);
        TimeSpan waited = TimeSpan.Zero;
        for (int repetition = 1; ; repetition++)
        {
            if (Failure is not null) return null;
            ChatServiceException error;
            try
            {
                await gate.Pass(either.Token).ConfigureAwait(false);
                if (Failure is not null) return null;
                return Count(await Once(prompt, isRepeated, cancellation).ConfigureAwait(false));
            }
            catch (ChatServiceException e)
            {
                error = e;
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                return null;
            }
            if (ChatFailure.IsOfQuestion(error)) return Refuse(error);
            // Nobody there: hopeless in the beginning, a break afterwards.
            if (!error.MayPass && !(error.Status is null && hasAnswered)) return Fail(ChatFailure.Hopeless(Service, error));
            TimeSpan wait = patience.Before(repetition, error.RetryAfter);
            if (repetition > patience.Retries || waited + wait > patience.MostWaiting) return Fail(ChatFailure.Exhausted(Service, error, repetition - 1, waited, wait, patience));
            if (error.RetryAfter is { } asked) gate.Close(asked);
            note?.Invoke(FormattableString.Invariant($"{Service.Name} {error.Message}; asking again in {wait.TotalSeconds:0.#} s ({repetition} of {patience.Retries})."));
            try
            {
                // Where another request has found the service failed, waiting has no sense; an answer on its way is still taken.
                await Task.Delay(wait, time, either.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                return null;
            }
            waited += wait;
        }
    }

    private async Task<Said> Once(ChatPrompt prompt, bool isRepeated, CancellationToken cancellation)
    {
        List<ChatMessage> messages = [new(ChatRole.System, prompt.System), new(ChatRole.User, prompt.User)];
        if (isRepeated) messages.Add(new ChatMessage(ChatRole.User, Reminder));
        using var silence = new CancellationTokenSource(patience.Timeout, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation, silence.Token);
        try
        {
            ChatResponse response = await Service.Client.GetResponseAsync(messages, new ChatOptions { Temperature = (float?)Service.Temperature }, limit.Token).ConfigureAwait(false);
            return new Said(new ChatAnswer(response.Text, response.Usage?.InputTokenCount, response.Usage?.OutputTokenCount));
        }
        catch (Exception e) when (e is not ChatServiceException)
        {
            // Clients wrap what stops them in exceptions of their own.
            cancellation.ThrowIfCancellationRequested();
            if (silence.IsCancellationRequested) throw new ChatServiceException(FormattableString.Invariant($"does not answer within {patience.Timeout.TotalSeconds:0.#} s"), mayPass: true, e) { IsSilence = true };
            return e switch
            {
                HttpRequestException { StatusCode: { } status } => throw new ChatServiceException($"answers {(int)status}", ChatServiceException.IsPassing(status), e) { Status = status },
                HttpRequestException or IOException or TimeoutException => throw new ChatServiceException($"does not answer ({OneLine.Of(e.GetBaseException())})", mayPass: true, e),
                // Such as an answer without a choice in it.
                _ => new Said(null, $"answered in a form that is not its protocol's ({OneLine.Of(e)})"),
            };
        }
    }

    private static T? Read<T>(ChatQuestion<T> question, ChatAnswer answer) where T : class
    {
        try
        {
            return question.Read(answer.Text);
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    private Said Count(Said said)
    {
        lock (state)
        {
            Usage = Usage.With(said.Answer);
            if (said.Answer is not null) (hasAnswered, refused) = (true, 0);
        }
        return said;
    }

    private Said? Refuse(ChatServiceException error)
    {
        bool isOfQuestion;
        lock (state) isOfQuestion = IsProven || ++refused < MostRefused;
        return isOfQuestion ? new Said(null, Refusal: ChatFailure.Refused(Service, error, IsProven)) : Fail(ChatFailure.Hopeless(Service, error));
    }

    private Said? Fail(string why)
    {
        lock (state)
        {
            if (Failure is not null) return null;
            Failure = why;
        }
        failed.Cancel();
        return null;
    }

    /// <summary>An answer, or what was odd about the response that has none, or how the question was refused.</summary>
    private sealed record Said(ChatAnswer? Answer, string? Oddity = null, string? Refusal = null);
}
