using Mxd.Runtime;

namespace Mxd.Chat;

/// <summary>A question for one service.</summary>
public sealed record ChatTask<T>(ChatAsker Asker, ChatQuestion<T> Question) where T : class;

/// <summary>Many questions for any number of services. What is known is known at once; the rest is asked, several at a time, the same question once.</summary>
public sealed class ChatBatch<T> where T : class
{
    private readonly IReadOnlyList<ChatTask<T>> tasks;
    private readonly ChatOutcome<T>?[] outcomes;

    /// <summary>Places of equal questions for the same service.</summary>
    private readonly int[][] open;

    /// <summary>Looks up what is known.</summary>
    public ChatBatch(IReadOnlyList<ChatTask<T>> tasks)
    {
        this.tasks = tasks;
        outcomes = [.. tasks.Select(task => task.Asker.Known(task.Question) is { } value ? new ChatOutcome<T>(value) : null)];
        open = [.. Enumerable.Range(0, tasks.Count).Where(i => outcomes[i] is null).GroupBy(i => (tasks[i].Asker, tasks[i].Question.Prompt)).Select(same => same.ToArray())];
    }

    /// <summary>Requests that are left.</summary>
    public int Requests => open.Length;

    /// <summary>What came of each question, in their order; null for those that were not asked, because it was stopped or the service has failed.</summary>
    public IReadOnlyList<ChatOutcome<T>?> Outcomes => outcomes;

    /// <summary>What the requests that are left will take of a service, by their lengths.</summary>
    public ChatUsage Forecast(ChatAsker asker)
    {
        ChatQuestion<T>[] left = [.. open.Select(same => tasks[same[0]]).Where(task => task.Asker == asker).Select(task => task.Question)];
        return new ChatUsage(left.Length, Known(asker), left.Sum(question => question.Prompt.EstimatedTokens), left.Sum(question => (long)question.AnswerTokens));
    }

    /// <summary>Asks what is left, until all is answered, all services have failed, or it is stopped.</summary>
    /// <param name="parallel">Requests at a time.</param>
    /// <param name="progress">Told the number of requests done, never by two threads at a time.</param>
    /// <param name="cancellation">Stops it; what is answered by then stays.</param>
    public async Task Run(int parallel, IProgress<long>? progress, CancellationToken cancellation)
    {
        foreach (ChatAsker asker in tasks.Select(task => task.Asker).Distinct()) asker.CountKnown(Known(asker));
        var counting = new Lock();
        long done = 0;
        try
        {
            await Parallel.ForEachAsync(open, new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = cancellation }, async (same, token) =>
            {
                ChatTask<T> task = tasks[same[0]];
                if (task.Asker.Failure is not null) return;
                ChatOutcome<T>? outcome;
                try
                {
                    outcome = await task.Asker.Ask(task.Question, token).ConfigureAwait(false);
                }
                catch (Exception e) when (e is not OperationCanceledException || !token.IsCancellationRequested)
                {
                    // Whatever it is, it is not worth the answers to all other questions.
                    outcome = new ChatOutcome<T>(null, $"{task.Asker.Service.Name} could not be asked ({OneLine.Of(e)})");
                }
                foreach (int place in same) outcomes[place] = outcome;
                lock (counting) progress?.Report(++done);
            }).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // What is answered stays.
        }
    }

    private int Known(ChatAsker asker) => Enumerable.Range(0, tasks.Count).Count(i => tasks[i].Asker == asker && outcomes[i] is not null);
}
