using System.Diagnostics;
using System.Text.Json;
using Mxd.Cli.Tests.Eval;
using Mxd.Cli.Tests.Fixtures;
using Mxd.Tests.Chat;

namespace Mxd.Cli.Tests.Name;

public sealed class NameTests : CliTests, IClassFixture<TrainedRuns>
{
    private readonly TrainedRuns runs;
    private readonly FakeChat chat = new(WordNamer.Answer);

    public NameTests(TinyFiles files, TrainedRuns runs) : base(files)
    {
        this.runs = runs;
        File.Delete(NamesFile);
    }

    private string NamesFile => Path.Combine(runs.Mixture, "names.json");

    [Fact]
    public void Name_NamesAndScores_AndKeepsThatInTheRun()
    {
        JsonElement result = Name("--top", "4", "--control", "--json").Json();
        JsonElement[] names = [.. result.GetProperty("names").EnumerateArray()];
        Assert.NotEmpty(names);
        foreach (JsonElement name in names)
        {
            Assert.NotEmpty(name.GetProperty("name").GetString()!);
            Assert.InRange(name.GetProperty("score").GetProperty("balanced_accuracy").GetDouble(), 0, 1);
            Assert.Equal(chat.Ollama, name.GetProperty("namer").GetString());
        }
        Assert.Equal(4, names.Length + result.GetProperty("unnamed").GetArrayLength());
        int requests = chat.Requests.Count;
        Assert.Equal(names.Length * 3, requests);
        JsonElement kept = JsonDocument.Parse(File.ReadAllText(NamesFile)).RootElement;
        Assert.Equal(names.Select(n => n.GetProperty("unit").GetInt32()).Order(), kept.GetProperty("names").EnumerateArray().Select(n => n.GetProperty("unit").GetInt32()));
        Assert.Equal(result.GetProperty("trained_tokens").GetInt64(), kept.GetProperty("trained_tokens").GetInt64());

        ToolResult again = Name("--top", "4", "--control").Succeeded();
        Assert.Equal(requests, chat.Requests.Count);
        Assert.Contains("nothing to ask", again.Error, StringComparison.Ordinal);
        foreach (string shown in new[] { "unit", "score", "control", "a name that says nothing has 0.50", NamesFile }) Assert.Contains(shown, again.Output, StringComparison.Ordinal);
    }

    /// <summary>Names were paid for: they are printed, and the answers are kept, wherever they cannot be written.</summary>
    [Fact]
    public void NamesThatCannotBeWritten_ArePrinted()
    {
        using var jealous = new FakeChat(question =>
        {
            Directory.CreateDirectory(NamesFile);
            return WordNamer.Answer(question);
        });
        ToolResult result = Call(jealous.Ollama, "--top", "2", "--json");
        bool isThere = Directory.Exists(NamesFile);
        Directory.Delete(NamesFile);
        Assert.True(isThere);
        Assert.Equal(1, result.ExitCode);
        Assert.NotEmpty(JsonDocument.Parse(result.Output).RootElement.GetProperty("names").EnumerateArray());
        Assert.Contains("mxd: The names could not be written to " + NamesFile, result.ErrorLines[^1], StringComparison.Ordinal);

        // Nothing is asked again, and so nothing is in the way.
        int requests = jealous.Requests.Count;
        Call(jealous.Ollama, "--top", "2").Succeeded();
        Assert.Equal(requests, jealous.Requests.Count);
        Assert.True(File.Exists(NamesFile));
    }

    [Fact]
    public void ANamerThatRefuses_LeavesUnitsWithoutNames()
    {
        using var silent = new FakeChat(_ => "No.");
        ToolResult result = Call(silent.OpenAI, "--top", "2", "--scorer", chat.OpenAI, "--json");
        Assert.Equal(1, result.ExitCode);
        Assert.Empty(JsonDocument.Parse(result.Output).RootElement.GetProperty("names").EnumerateArray());
        Assert.Contains(result.ErrorLines, line => line.StartsWith("mxd: Unit ", StringComparison.Ordinal) && line.Contains("has no name: " + silent.OpenAI, StringComparison.Ordinal));
        Assert.False(File.Exists(NamesFile));
        Assert.Empty(chat.Requests);
    }

    [Fact]
    public void WhatMayCost_IsAskedForFirst()
    {
        ToolResult result = Call("openai:namer@https://chat.invalid/v1", "--top", "2", "--scorer", chat.OpenAI, "--price", "1,1", "0,0");
        Assert.Equal(2, result.ExitCode);
        Assert.Contains(result.ErrorLines, line => line.Contains("2 requests, about ", StringComparison.Ordinal) && line.Contains("cost about ", StringComparison.Ordinal));
        Assert.Contains(result.ErrorLines, line => line.StartsWith(chat.OpenAI, StringComparison.Ordinal) && line.EndsWith("; free.", StringComparison.Ordinal));
        Assert.Contains("--yes", result.ErrorLines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void EverythingThatIsWrong_IsSaidAtOnce()
    {
        Call("gpt", "--units", "1", "--top", "2", "--shown", "1", "--tested", "1", "--contexts", "1", "--parallel", "0").Refused(
            "Units were named in more than one way|--units and --top", "--shown is 1", "--tested is 1", "--contexts is 1", "--parallel is 0", "--namer or --scorer is 'gpt'");
        Name().Refused("No units were named");
        Name("--units", "1,x,100000").Refused("--units names 'x'", "--units names unit 100000");
        Name("--top", "100000").Refused("--top is 100000, but the layer has");
        Tool.Run("name").Refused("--run is missing", "--namer is missing");
        Name("--top", "2", "--tested", "7").Refused("--tested is 7; it must be even|give 6 or 8");
        File.WriteAllText(NamesFile, "{");
        Name("--units", "1").Refused("names.json cannot be read");
        Assert.Empty(chat.Requests);
    }

    protected override void DisposeMore()
    {
        File.Delete(NamesFile);
        chat.Dispose();
    }

    private ToolResult Name(params IEnumerable<string> arguments) => Call(chat.Ollama, arguments);

    private ToolResult Call(string namer, params IEnumerable<string> arguments)
    {
        ProcessStartInfo start = Tool.Describe(["name", "--run", runs.Mixture, "--namer", namer, .. arguments]);
        start.Environment["XDG_CACHE_HOME"] = Folder.Path;
        return new RunningTool(start).WaitForExit();
    }
}
