using System.Net;
using Mxd.Chat;
using Mxd.Tests.Runtime;

namespace Mxd.Tests.Chat;

public sealed class ChatAskerTests : IDisposable
{
    /// <summary>No wait for an answer ends; half of each wait that is left to chance is not waited.</summary>
    private static readonly ChatPatience patience = new() { Retries = 3, Timeout = TimeSpan.FromDays(1), Jitter = () => 0 };

    private readonly TemporaryFolder folder = new();
    private readonly InstantTime time = new();
    private readonly List<string> notes = [];

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task AnAnswer_IsReadAndKept_AndNotAskedForAgain()
    {
        var client = new ScriptedClient((question, _) => $"You said {question}");
        using ChatAsker first = Asker(client), second = Asker(client), other = new(new ChatService("another", client), Cache, patience);
        Assert.Null(first.Known(Question("a")));
        Assert.Equal("You said a", (await first.Ask(Question("a"), default))!.Value);
        Assert.Equal(new ChatUsage(1, 0, 100, 10), first.Usage);
        Assert.Equal(0, client.Temperature);

        Assert.Equal("You said a", second.Known(Question("a")));
        Assert.Equal(new ChatUsage(0, 0, 0, 0), second.Usage);
        Assert.Null(second.Known(Question("b")));
        Assert.Null(other.Known(Question("a")));
        using var warmer = new ChatAsker(new ChatService("service", client) { Temperature = null }, Cache, patience);
        Assert.Null(warmer.Known(Question("a")));
    }

    [Fact]
    public async Task ADamagedEntry_IsAskedForAgain()
    {
        var client = new ScriptedClient((_, _) => "fine");
        using ChatAsker asker = Asker(client);
        await asker.Ask(Question("a"), default);
        string file = Assert.Single(Directory.GetFiles(folder.Path, "*.json", SearchOption.AllDirectories));
        foreach (string damage in new[] { "", "{", "{\"text\": 3}", "null", "{\"text\":\"other\",\"more\":1}" })
        {
            File.WriteAllText(file, damage);
            Assert.Null(asker.Known(Question("a")));
        }
        await asker.Ask(Question("a"), default);
        Assert.Equal("fine", asker.Known(Question("a")));
    }

    [Fact]
    public async Task WhatMayPass_IsWaitedFor_EachTimeLonger()
    {
        using ChatAsker asker = Asker(new ScriptedClient((_, number) => number <= 3 ? throw Refusal(HttpStatusCode.InternalServerError) : "fine"));
        Assert.Equal("fine", (await asker.Ask(Question("a"), default))!.Value);
        Assert.Equal([0.5, 1, 2], time.Waits);
        Assert.Contains("service answers 500; asking again in 0.5 s (1 of 3).", notes);
    }

    [Fact]
    public async Task WhatAServiceAsksToWait_IsWaited()
    {
        using ChatAsker asker = Asker(new ScriptedClient((_, number) => number == 1 ? throw Refusal(HttpStatusCode.TooManyRequests, 17) : number == 2 ? throw Refusal(HttpStatusCode.TooManyRequests, -5) : "fine"));
        Assert.Equal("fine", (await asker.Ask(Question("a"), default))!.Value);
        // A date that has passed is no wait at all.
        Assert.Equal([17], time.Waits);
    }

    [Fact]
    public void ChanceMakesWaitsLonger_ByAtMostTwice()
    {
        ChatPatience own = new() { Jitter = () => 1 };
        Assert.Equal([1, 2, 4, 8], Enumerable.Range(1, 4).Select(repetition => own.Before(repetition, null).TotalSeconds));
        Assert.Equal(18, own.Before(4, TimeSpan.FromSeconds(17)).TotalSeconds);
    }

    [Fact]
    public async Task RefusedForever_TheServiceFails_InOneLine_AndIsAskedNothingMore()
    {
        var client = new ScriptedClient((_, _) => throw Refusal(HttpStatusCode.TooManyRequests));
        using ChatAsker asker = Asker(client);
        Assert.Null(await asker.Ask(Question("a"), default));
        Assert.Equal(4, client.Requests);
        Assert.Equal("service answers 429, after 3 repetitions (--retries) and 4 s of waiting: repeat the command later, which asks only for what is left, with a larger --retries or a smaller --parallel.", asker.Failure);
        Assert.Null(await asker.Ask(Question("b"), default));
        Assert.Equal(4, client.Requests);
    }

    [Fact]
    public async Task LongerThanAllWaits_IsNotWaited()
    {
        using ChatAsker asker = Asker(new ScriptedClient((_, _) => throw Refusal(HttpStatusCode.TooManyRequests, 3000)));
        Assert.Null(await asker.Ask(Question("a"), default));
        Assert.Empty(time.Waits);
        Assert.Contains("after 0 repetitions and 0 s of waiting, and asks for 3000 s more, beyond the 300 s that are waited: repeat the command later, which asks only for what is left, with a smaller --parallel.", asker.Failure, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(HttpStatusCode.Unauthorized, "check the API key")]
    [InlineData(HttpStatusCode.Forbidden, "check the API key")]
    [InlineData(HttpStatusCode.NotFound, "check the model's name, and the address")]
    [InlineData(HttpStatusCode.PaymentRequired, "check the model's name and the address")]
    public async Task WhatCannotPass_EndsAtOnce(HttpStatusCode status, string advice)
    {
        var client = new ScriptedClient((_, _) => throw Refusal(status));
        using ChatAsker asker = Asker(client);
        Assert.Null(await asker.Ask(Question("a"), default));
        Assert.Equal(1, client.Requests);
        Assert.Contains($"service answers {(int)status}: {advice}", asker.Failure, StringComparison.Ordinal);
    }

    /// <summary>Too long for the model, say: the others are asked all the same.</summary>
    [Theory]
    [InlineData(HttpStatusCode.BadRequest)]
    [InlineData(HttpStatusCode.RequestEntityTooLarge)]
    [InlineData(HttpStatusCode.UnprocessableEntity)]
    public async Task AQuestionThatIsRefused_IsItsOwnProblem(HttpStatusCode status)
    {
        var client = new ScriptedClient((question, _) => question[0] == 'x' ? throw Refusal(status) : question);
        using ChatAsker asker = Asker(client);
        string[] questions = ["x1", "x2", "a", "x3", "x4", "x5", "x6", "b"];
        var batch = new ChatBatch<string>([.. questions.Select(q => new ChatTask<string>(asker, Question(q)))]);
        await batch.Run(1, null, default);
        Assert.Equal(["a", "b"], batch.Outcomes.Select(o => o!.Value).OfType<string>());
        Assert.StartsWith($"service answers {(int)status}; ", batch.Outcomes[0]!.Problem, StringComparison.Ordinal);
        Assert.Equal($"service answers {(int)status}", batch.Outcomes[^2]!.Problem);
        Assert.Null(asker.Failure);
        Assert.Equal(questions.Length, client.Requests);

        // What is known from before tells that the service works, as well.
        using ChatAsker later = Asker(client);
        await new ChatBatch<string>([.. questions.Select(q => new ChatTask<string>(later, Question(q)))]).Run(1, null, default);
        Assert.Null(later.Failure);
    }

    [Fact]
    public async Task TheFirstThreeQuestionsRefused_ItIsTheService()
    {
        var client = new ScriptedClient((_, _) => throw Refusal(HttpStatusCode.BadRequest));
        using ChatAsker asker = Asker(client);
        var batch = new ChatBatch<string>([.. "abcdef".Select(c => new ChatTask<string>(asker, Question($"{c}")))]);
        await batch.Run(1, null, default);
        Assert.Equal(3, client.Requests);
        Assert.Equal("service answers 400: check the model's name; one that takes no temperature but its own needs --no-temperature.", asker.Failure);
        Assert.Null(batch.Outcomes[2]);
    }

    [Fact]
    public async Task NobodyThere_IsHopelessInTheBeginning_AndABreakAfterwards()
    {
        using ChatAsker never = Asker(new ScriptedClient((_, _) => throw new ChatServiceException("does not answer (no such host)", mayPass: false)));
        Assert.Null(await never.Ask(Question("a"), default));
        Assert.Equal("service does not answer (no such host): check the address, and that the service runs.", never.Failure);
        using ChatAsker broken = Asker(new ScriptedClient((_, number) => number == 2 ? throw new ChatServiceException("does not answer (refused)", mayPass: false) : "fine"));
        await broken.Ask(Question("b"), default);
        Assert.Equal("fine", (await broken.Ask(Question("c"), default))!.Value);
    }

    [Fact]
    public async Task WhatOneRequestIsToldToWait_HoldsTheOthersBack()
    {
        var gate = new AskingGate(patience, time);
        await gate.Pass(default);
        Assert.Empty(time.Waits);
        gate.Close(TimeSpan.FromSeconds(30));
        gate.Close(TimeSpan.FromSeconds(5));
        await gate.Pass(default);
        Assert.Equal([30], time.Waits);
        await gate.Pass(default);
        Assert.Equal([30], time.Waits);
    }

    [Fact]
    public async Task ManyRetries_AreNoWaitsWithoutEnd()
    {
        ChatPatience own = new() { Jitter = () => 1 };
        foreach (int repetition in new[] { 20, 100, int.MaxValue }) Assert.Equal(own.MostWaiting, own.Before(repetition, null));
        using var asker = new ChatAsker(new ChatService("service", new ScriptedClient((_, _) => throw Refusal(HttpStatusCode.TooManyRequests))), Cache, own with { Retries = 100, Timeout = TimeSpan.FromDays(1) }, notes.Add, time);
        Assert.Null(await asker.Ask(Question("a"), default));
        Assert.Contains("after 8 repetitions and 255 s of waiting, and the next wait is 256 s more, beyond the 300 s that are waited: ", asker.Failure, StringComparison.Ordinal);
    }

    /// <summary>Limits are counted by the minute with most services.</summary>
    [Fact]
    public void DefaultWaits_LastTwoMinutes()
    {
        ChatPatience least = new() { Jitter = () => 0 }, most = new() { Jitter = () => 1 };
        Assert.True(Sum(least) >= TimeSpan.FromMinutes(2) && Sum(most) <= most.MostWaiting);
        Assert.Equal(most.Retries, new AskingOptions().Retries);

        static TimeSpan Sum(ChatPatience patience) => Enumerable.Range(1, patience.Retries).Select(r => patience.Before(r, null)).Aggregate((a, b) => a + b);
    }

    [Fact]
    public async Task AnExceptionOfOneQuestion_LeavesTheOthers()
    {
        using var asker = new ChatAsker(new ChatService("service", new ScriptedClient((question, _) => question)), Cache, patience, notes.Add, time);
        var batch = new ChatBatch<string>([.. "abc".Select(c => new ChatTask<string>(asker, new ChatQuestion<string>(new ChatPrompt("system", $"{c}"), answer => answer == "b" ? throw new ArithmeticException("too\nlarge") : answer, 5)))]);
        await batch.Run(2, null, default);
        Assert.Equal(["a", null, "c"], batch.Outcomes.Select(o => o!.Value));
        Assert.Equal("service could not be asked (too; large)", batch.Outcomes[1]!.Problem);
    }

    /// <summary>Clients that other people give throw what they like.</summary>
    [Fact]
    public async Task ExceptionsOfOtherClients_AreUnderstood()
    {
        using ChatAsker asker = Asker(new ScriptedClient((_, number) => number switch
        {
            1 => throw new HttpRequestException("", null, HttpStatusCode.BadGateway),
            2 => throw new IOException("broken"),
            _ => "fine",
        }));
        Assert.Equal("fine", (await asker.Ask(Question("a"), default))!.Value);
        Assert.Equal(["service answers 502; asking again in 0.5 s (1 of 3).", "service does not answer (broken); asking again in 1 s (2 of 3)."], notes);

        using ChatAsker odd = Asker(new ScriptedClient((_, _) => throw new ArgumentOutOfRangeException("index", "no choices")));
        ChatOutcome<string>? outcome = await odd.Ask(Question("b"), default);
        Assert.Null(outcome!.Value);
        Assert.Contains("answered in a form that is not its protocol's (no choices", outcome.Problem, StringComparison.Ordinal);
        Assert.Null(odd.Failure);
    }

    [Fact]
    public async Task NonsenseIsAskedForAgain_WithAReminder_AndNotKept()
    {
        var client = new ScriptedClient((_, _) => "nonsense");
        using ChatAsker asker = Asker(client);
        ChatOutcome<string>? outcome = await asker.Ask(Question("a"), default);
        Assert.Equal(new ChatOutcome<string>(null, "service gave no answer that can be read, 3 times"), outcome);
        Assert.Equal(3, client.Requests);
        Assert.Equal(["system", "a", ChatAsker.Reminder], client.Last);
        Assert.Null(asker.Known(Question("a")));
        Assert.Null(asker.Failure);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public async Task Silence_IsWaitedForNoLongerThanItsLimit()
    {
        var client = new ScriptedClient((_, _) => "late") { Before = token => Task.Delay(Timeout.Infinite, token) };
        using var asker = new ChatAsker(new ChatService("service", client), Cache, patience with { Retries = 1, Timeout = TimeSpan.FromMilliseconds(20) }, notes.Add, time);
        Assert.Null(await asker.Ask(Question("a"), default));
        Assert.Equal(2, client.Requests);
        Assert.Contains("service does not answer within 0 s, after 1 repetition (--retries)", asker.Failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stopped_ItEndsAtOnce()
    {
        using var stop = new CancellationTokenSource();
        var client = new ScriptedClient((_, _) => "late") { Before = async token => { stop.Cancel(); await Task.Delay(Timeout.Infinite, token); } };
        using ChatAsker asker = Asker(client);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asker.Ask(Question("a"), stop.Token));
        Assert.Null(asker.Failure);
    }

    [Fact]
    public async Task ABatch_KeepsTheOrder_AsksTheSameOnce_AndOutlivesAServiceThatFails()
    {
        var client = new ScriptedClient((question, _) => $"{question}!");
        using ChatAsker good = Asker(client), bad = new(new ChatService("bad", new ScriptedClient((_, _) => throw Refusal(HttpStatusCode.Unauthorized))), Cache, patience);
        string[] questions = ["a", "b", "a", "c", "d", "b"];
        var batch = new ChatBatch<string>([.. questions.SelectMany(q => new[] { new ChatTask<string>(bad, Question(q)), new ChatTask<string>(good, Question(q)) })]);
        Assert.Equal((8, 4, 4), (batch.Requests, batch.Forecast(good).Requests, batch.Forecast(bad).Requests));
        await batch.Run(3, null, default);
        Assert.Equal(questions.SelectMany(q => new[] { null, q + "!" }), batch.Outcomes.Select(o => o?.Value));
        Assert.Equal(4, client.Requests);
        Assert.NotNull(bad.Failure);

        var again = new ChatBatch<string>([.. questions.Select(q => new ChatTask<string>(good, Question(q)))]);
        Assert.Equal(new ChatUsage(0, 6, 0, 0), again.Forecast(good));
        Assert.Equal(questions.Select(q => q + "!"), again.Outcomes.Select(o => o!.Value));
        await again.Run(3, null, default);
        Assert.Equal(new ChatUsage(4, 6, 400, 40), good.Usage);
    }

    [Fact]
    public async Task ABatchThatIsStopped_KeepsWhatIsAnswered()
    {
        using var stop = new CancellationTokenSource();
        var client = new ScriptedClient((question, number) =>
        {
            if (number == 2) stop.Cancel();
            return question;
        });
        using ChatAsker asker = Asker(client);
        var batch = new ChatBatch<string>([.. "abcdef".Select(c => new ChatTask<string>(asker, Question($"{c}")))]);
        await batch.Run(1, null, stop.Token);
        Assert.Equal(["a", "b"], batch.Outcomes.Select(o => o?.Value).OfType<string>());
        Assert.Equal("b", asker.Known(Question("b")));
    }

    private ChatCache Cache => new(folder.Path);

    private ChatAsker Asker(ScriptedClient client) => new(new ChatService("service", client), Cache, patience, notes.Add, time);

    private static ChatQuestion<string> Question(string text) => new(new ChatPrompt("system", text), answer => answer == "nonsense" ? null : answer, 5);

    private static ChatServiceException Refusal(HttpStatusCode status, int? seconds = null) =>
        new($"answers {(int)status}", ChatServiceException.IsPassing(status)) { Status = status, RetryAfter = seconds is { } wait ? TimeSpan.FromSeconds(wait) : null };
}
