using System.Globalization;
using System.Text;
using System.Text.Json;
using Mxd.Cli.Tests.Fixtures;
using Mxd.Tests.Chat;
using Mxd.Tests.Hub;

namespace Mxd.Cli.Tests.Judge;

/// <summary>Judges that are services, on a server of the tests'.</summary>
public sealed class ChatJudgeTests : IDisposable
{
    private const string Secret = "sk-very-secret-0123456789", Variable = "TEST_CHAT_KEY";

    private readonly TemporaryFolder folder = new();
    private readonly FakeChat chat = new(Scores);

    public void Dispose()
    {
        chat.Dispose();
        folder.Dispose();
    }

    [Theory]
    [InlineData("openai")]
    [InlineData("ollama")]
    public void AJudge_ScoresEachUnit_AndIsNotAskedTwice(string protocol)
    {
        string spec = protocol == "openai" ? chat.OpenAI : chat.Ollama;
        JsonElement result = Judge(spec, "--json").Json();
        JsonElement[] scores = [.. result.GetProperty("scores").EnumerateArray()];
        Assert.Equal([1, 2, 3], scores.Select(s => s.GetProperty("unit").GetInt32()));
        Assert.Equal([0.1, 0.2, 0.3], scores.Select(s => s.GetProperty("concept").GetDouble()));
        Assert.Equal([0.9, 0.8, 0.7], scores.Select(s => Math.Round(s.GetProperty("fluency").GetDouble(), 9)));
        Assert.False(scores[0].TryGetProperty("loss", out _));
        JsonElement usage = Assert.Single(result.GetProperty("judges").EnumerateArray()).GetProperty("usage");
        Assert.Equal((3, 0, 600, 45), (usage.GetProperty("requests").GetInt32(), usage.GetProperty("known").GetInt32(), usage.GetProperty("input_tokens").GetInt32(), usage.GetProperty("output_tokens").GetInt32()));
        Assert.Equal(0, result.GetProperty("judges")[0].GetProperty("cost").GetDouble());
        Assert.Equal(3, chat.Requests.Count);
        Assert.All(chat.Requests, body => Assert.Equal(0, (double)(body["temperature"] ?? body["options"]!["temperature"])!));
        Assert.All(chat.Authorizations, value => Assert.Equal("", value));

        ToolResult again = Judge(spec).Succeeded();
        Assert.Equal(3, chat.Requests.Count);
        Assert.Contains("nothing to ask (3 answers are known from before)", again.Error, StringComparison.Ordinal);
        Assert.Contains(": no new answers (3 answers are known from before).", again.Output.ReplaceLineEndings(" "), StringComparison.Ordinal);
    }

    [Fact]
    public void TwoJudges_AreCompared_AndDrawn()
    {
        ToolResult result = Judge(chat.OpenAI, chat.Ollama, "--out", folder.File("figures"), "--price", "1,2", "--yes").Succeeded();
        string shown = result.Output.ReplaceLineEndings(" ");
        foreach (string part in new[] { "[1]", "[2]", "0.10 0.90", $"{chat.OpenAI} and {chat.Ollama}, over 3 units: concept Pearson 1.00, Spearman 1.00, mean difference 0.00", "steered.json (mxd): concept 0.20 ± 0.09", "concept-fluency.svg" })
            Assert.Contains(part, shown, StringComparison.Ordinal);
        Assert.Contains("mxd, 3 units", File.ReadAllText(Path.Combine(folder.File("figures"), "concept-fluency.svg")), StringComparison.Ordinal);
    }

    [Fact]
    public void TheLocalJudge_MayBeOneOfThem()
    {
        JsonElement result = Judge(chat.OpenAI, "local", "--model", "demo", "--text", "dotnet:held-out", "--contexts", "8", "--json").Json();
        JsonElement first = result.GetProperty("scores")[0];
        Assert.Equal(0.1, first.GetProperty("concept").GetDouble());
        Assert.Equal(["local", chat.OpenAI], first.GetProperty("judges").EnumerateArray().Select(j => j.GetProperty("judge").GetString()!));
        Assert.True(first.GetProperty("loss").GetDouble() > 0);
        Assert.Equal("local", Assert.Single(result.GetProperty("agreement").EnumerateArray()).GetProperty("first").GetString());
    }

    [Fact]
    public void FaultsThatPass_AreWaitedOut()
    {
        byte[] whole = Encoding.UTF8.GetBytes(FakeChat.Completion("""{"concept": 1, "fluency": 1}"""));
        foreach (FakeHub.Fault fault in new[] { FakeChat.Refuse(429, "slow down", "0"), FakeChat.Refuse(429, "slow down", DateTimeOffset.UtcNow.AddSeconds(-3).ToString("r", CultureInfo.InvariantCulture)), FakeChat.Refuse(503, "busy", "0"), HubFaults.BreakOff(whole, 40) })
            chat.Faults.Enqueue(fault);
        ToolResult result = Judge(chat.OpenAI, "--parallel", "1", "--json");
        Assert.Equal([0.1, 0.2, 0.3], result.Json().GetProperty("scores").EnumerateArray().Select(s => s.GetProperty("concept").GetDouble()));
        foreach (string part in new[] { "answers 429 (slow down); asking again in", "answers 503 (busy)", "broke off its answer (" }) Assert.Contains(part, result.Error, StringComparison.Ordinal);
        Assert.Equal(7, chat.Requests.Count);
    }

    [Fact]
    public void RefusedForever_WhatIsKnownIsPrinted_InTheEndALineSaysSo()
    {
        chat.Faults.Enqueue(HubFaults.Send(FakeChat.Completion("""{"concept": 0.5, "fluency": 0.5}""")));
        chat.Always = FakeChat.Refuse(429, "you exceeded your quota", "0");
        ToolResult result = Judge(chat.OpenAI, "--parallel", "1", "--retries", "2", "--json");
        Assert.Equal(1, result.ExitCode);
        JsonElement json = JsonDocument.Parse(result.Output).RootElement;
        Assert.Equal(0.5, Assert.Single(json.GetProperty("scores").EnumerateArray()).GetProperty("concept").GetDouble());
        string failure = json.GetProperty("judges")[0].GetProperty("failure").GetString()!;
        Assert.Contains("answers 429 (you exceeded your quota), after 2 repetitions (--retries)", failure, StringComparison.Ordinal);
        Assert.Equal("mxd: " + failure, result.ErrorLines[^1]);
        Assert.Equal(1 + 3, chat.Requests.Count);

        // What was answered before is not asked again.
        chat.Always = null;
        Assert.Equal([0.5, 0.2, 0.3], Judge(chat.OpenAI, "--json").Json().GetProperty("scores").EnumerateArray().Select(s => s.GetProperty("concept").GetDouble()));
        Assert.Equal(1 + 3 + 2, chat.Requests.Count);
    }

    [Fact]
    public void AKeyThatIsRefused_EndsAtOnce_AndIsShownNowhere()
    {
        chat.Always = FakeChat.Refuse(401, $"Incorrect API key provided: {Secret}");
        ToolResult result = Judge(chat.OpenAI + "#" + Variable);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("answers 401 (Unauthorized): check the API key, and that it may use this model.", result.ErrorLines[^1], StringComparison.Ordinal);
        Assert.Equal("Bearer " + Secret, Assert.Single(chat.Authorizations.Distinct()));
        chat.Always = FakeChat.Refuse(400, $"Bad request of {Secret}, temperature is not supported");
        ToolResult other = Judge(chat.OpenAI + "#" + Variable);
        Assert.Contains("answers 400 (Bad request of ***, temperature is not supported): ", other.ErrorLines[^1], StringComparison.Ordinal);
        chat.Always = null;
        ToolResult good = Judge(chat.OpenAI + "#" + Variable, "--json");
        foreach (ToolResult each in new[] { result, other, good }) Assert.DoesNotContain(Secret, each.Output + each.Error, StringComparison.Ordinal);
        Assert.NotEmpty(Cached());
        Assert.All(Cached(), file => Assert.DoesNotContain(Secret, File.ReadAllText(file), StringComparison.Ordinal));
    }

    [Fact]
    public void Nonsense_IsAskedForAgain_AndLeavesOnlyThatUnitWithoutAScore()
    {
        foreach (string nonsense in new[] { "No.", """{"concept": 7, "fluency": 1}""" }) chat.Faults.Enqueue(HubFaults.Send(FakeChat.Completion(nonsense)));
        chat.Faults.Enqueue(HubFaults.Send(FakeChat.Completion(null)));
        ToolResult result = Judge(chat.OpenAI, "--parallel", "1", "--json");
        Assert.Equal(1, result.ExitCode);
        JsonElement[] scores = [.. JsonDocument.Parse(result.Output).RootElement.GetProperty("scores").EnumerateArray()];
        Assert.Equal(JsonValueKind.Null, scores[0].GetProperty("concept").ValueKind);
        Assert.Equal([0.2, 0.3], scores.Skip(1).Select(s => s.GetProperty("concept").GetDouble()));
        Assert.Contains("mxd: Unit 1 of steered.json has no score: ", result.ErrorLines[^1], StringComparison.Ordinal);
        Assert.Equal(5, chat.Requests.Count);
        Assert.Equal(2, Cached().Length);
    }

    [Fact]
    public void ASlowService_IsGivenUp()
    {
        chat.Always = chat.Silence;
        ToolResult result = Judge(chat.OpenAI, "--timeout", "1", "--retries", "0");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("does not answer within 1 s, after 0 repetitions (--retries) and 0 s of waiting: repeat the command later, which asks only for what is left, with a larger --timeout", result.ErrorLines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void Stopped_WhatIsAnsweredIsKept_AndItSaysHowToGoOn()
    {
        if (Tool.IgnoresInterrupts) Assert.Skip("This process ignores interrupts, and so would the tool.");
        chat.Faults.Enqueue(HubFaults.Send(FakeChat.Completion("""{"concept": 0.5, "fluency": 0.5}""")));
        chat.Always = chat.Silence;
        RunningTool tool = Start(chat.OpenAI, "--parallel", "1", "--json");
        tool.WaitUntil(() => chat.Requests.Count == 2);
        tool.Signal("INT");
        ToolResult result = tool.WaitForExit();
        Assert.Equal(130, result.ExitCode);
        Assert.Contains("the same command again asks only for what is left", result.ErrorLines[^1], StringComparison.Ordinal);
        JsonElement json = JsonDocument.Parse(result.Output).RootElement;
        Assert.True(json.GetProperty("stopped").GetBoolean());
        Assert.Single(json.GetProperty("scores").EnumerateArray());
        Assert.Single(Cached());
    }

    [Fact]
    public void WhatMayCost_IsAskedForFirst()
    {
        ToolResult result = Judge("openai:judge@https://chat.invalid/v1#" + Variable, "--price", "1000,1000000");
        Assert.Equal(2, result.ExitCode);
        Assert.Matches(@"^openai:judge@https://chat\.invalid/v1: 3 requests, about [\d,]+ tokens of questions \(4 bytes each\) and 60 of answers, without repetitions and thinking; cost about 6\d in the unit of --price\.$", result.ErrorLines[0]);
        Assert.Contains("--yes", result.ErrorLines[1], StringComparison.Ordinal);
        Assert.Empty(result.Output);
        ToolResult unknown = Judge("openai:judge@https://chat.invalid/v1");
        Assert.Contains("cost not known (give --price)", unknown.ErrorLines[0], StringComparison.Ordinal);
        // There is no such host.
        ToolResult agreed = Judge("openai:judge@https://chat.invalid/v1", "--yes");
        Assert.Equal(1, agreed.ExitCode);
        Assert.Contains("openai:judge@https://chat.invalid/v1 does not answer (", agreed.ErrorLines[^1], StringComparison.Ordinal);
    }

    /// <summary>What is here may stand before a service that takes something.</summary>
    [Fact]
    public void APriceOfAServiceOnThisMachine_IsSaid()
    {
        ToolResult refused = Judge(chat.OpenAI, "--price", "1,2");
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("cost about 0.00", refused.ErrorLines[0], StringComparison.Ordinal);
        // Three requests of 200 and 15 tokens each.
        Assert.Contains("cost 0.00069 in the unit of --price.", Judge(chat.OpenAI, "--price", "1,2", "--yes").Succeeded().Output.ReplaceLineEndings(" "), StringComparison.Ordinal);
    }

    [Fact]
    public void AQuestionThatIsRefused_LeavesOnlyThatUnitWithoutAScore()
    {
        chat.Faults.Enqueue(FakeChat.Refuse(400, "context length exceeded"));
        ToolResult result = Judge(chat.OpenAI, "--parallel", "1", "--json");
        Assert.Equal(1, result.ExitCode);
        Assert.Equal([0.2, 0.3], JsonDocument.Parse(result.Output).RootElement.GetProperty("scores").EnumerateArray().Skip(1).Select(s => s.GetProperty("concept").GetDouble()));
        Assert.Contains("mxd: Unit 1 of steered.json has no score: ", result.ErrorLines[^1], StringComparison.Ordinal);
        Assert.Contains("answers 400 (context length exceeded)", result.ErrorLines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void EverythingThatIsWrong_IsSaidAtOnce()
    {
        Judge("openai:judge", "gpt", "--parallel", "0", "--price", "1").Refused("--parallel is 0", "--price is '1'", "openai:judge needs an API key, and OPENAI_API_KEY is not set", "--judge is 'gpt'");
        Judge(chat.OpenAI, chat.OpenAI).Refused("--judge names the same judge twice", "names the same model twice");
        Judge(chat.OpenAI, "--text", "dotnet:held-out", "--contexts", "8").Refused("--text, --contexts are for the language model itself|add local to --judge");
        Judge("local", "--yes", "--parallel", "0").Refused("--yes, --parallel are for asking services|name one by --judge");
        Judge("openai:m@localhost:8000/v1").Refused("'m@localhost:8000/v1' that has an @|write http:// or https://");
        Judge(chat.OpenAI, "local").Refused("names no run that is there, so the language model is not known", "held out text");
        Assert.Empty(chat.Requests);
    }

    private static string Scores(string question)
    {
        int unit = Enumerable.Range(1, 3).Single(u => question.Contains($"unit {u} says", StringComparison.Ordinal));
        return string.Create(CultureInfo.InvariantCulture, $"Here: {{\"concept\": {unit / 10.0}, \"fluency\": {1 - unit / 10.0}}}");
    }

    private string[] Cached() => Directory.Exists(Path.Combine(folder.Path, "mxd", "chat")) ? Directory.GetFiles(Path.Combine(folder.Path, "mxd", "chat"), "*", SearchOption.AllDirectories) : [];

    private ToolResult Judge(params IEnumerable<string> arguments) => Start(arguments).WaitForExit();

    private RunningTool Start(params IEnumerable<string> arguments)
    {
        string samples = folder.Write("steered.json", JsonSerializer.Serialize(new { type = "mxd", prompt = "So", units = Enumerable.Range(1, 3).Select(unit => new { unit, samples = new[] { $"unit {unit} says so", "and so" } }) }));
        System.Diagnostics.ProcessStartInfo start = Tool.Describe(["judge", samples, "--judge", .. arguments]);
        start.Environment["XDG_CACHE_HOME"] = folder.Path;
        start.Environment["OPENAI_API_KEY"] = "";
        start.Environment[Variable] = Secret;
        return new RunningTool(start);
    }
}
