using System.CommandLine.Parsing;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using AngleSharp.Dom;
using AngleSharp.Html.Dom;
using AngleSharp.Html.Parser;
using Mxd.Cli.Tests.Fixtures;
using Mxd.Exploration;
using Mxd.Tests;

namespace Mxd.Cli.Tests;

/// <summary>The demo, on fewer tokens than people get, with the model and text they get.</summary>
public sealed class DemoTests(TinyFiles files) : CliTests(files)
{
    /// <summary>More contexts than figures are taken on while training.</summary>
    private const int ManyContexts = 66;

    [Fact]
    public void Demo_ComparesLayersOfAsManyParameters_AndWritesRunsAndReport()
    {
        string folder = Folder.File("demo");
        JsonElement result = Tool.Run([.. Small(ManyContexts), "--out", folder, "--json"]).Json();

        JsonElement[] results = [.. result.GetProperty("results").EnumerateArray()];
        Assert.Equal(["mxd", "transcoder", "skip-transcoder", "dense", "linear"], results.Select(r => r.GetProperty("type").GetString()));
        double[] parameters = [.. results.Take(4).Select(r => (double)r.GetProperty("parameters").GetInt64())];
        Assert.All(parameters, count => Assert.InRange(count / parameters[0], 0.99, 1.01));
        foreach (JsonElement one in results)
        {
            Assert.True(File.Exists(Path.Combine(one.GetProperty("run").GetString()!, "layer.safetensors")));
            JsonElement entropy = one.GetProperty("cross_entropy");
            double recovered = (entropy.GetProperty("zero_ablated").GetDouble() - entropy.GetProperty("spliced").GetDouble())
                / (entropy.GetProperty("zero_ablated").GetDouble() - entropy.GetProperty("model").GetDouble());
            Assert.Equal(recovered, one.GetProperty("cross_entropy_recovered").GetDouble(), 9);
            Assert.Equal(ManyContexts, one.GetProperty("contexts").GetInt32());
        }
        Assert.Equal(results[0].GetProperty("cross_entropy").GetProperty("model").GetDouble(), results[1].GetProperty("cross_entropy").GetProperty("model").GetDouble());
        Assert.Equal(Path.Combine(folder, "report.html"), result.GetProperty("report").GetString());
        IHtmlDocument report = Open(folder);
        // Units are looked up in the text that layers are evaluated on: what never fires is dead.
        IElement[] use = [.. report.QuerySelectorAll("section[aria-labelledby=usage] tbody tr")];
        Assert.Equal(["mxd", "transcoder", "skip-transcoder"], use.Select(row => row.QuerySelector("th")!.FirstChild!.TextContent));
        foreach ((IElement row, JsonElement one) in use.Zip(results))
        {
            double[] cells = [.. row.QuerySelectorAll("td").Take(2).Select(cell => double.Parse(cell.FirstChild!.TextContent, NumberStyles.Number, CultureInfo.InvariantCulture))];
            Assert.Equal(one.GetProperty("dead_fraction").GetDouble(), cells[1] / cells[0], 9);
        }
        JsonElement[] units = [.. result.GetProperty("units").EnumerateArray()];
        Assert.Equal(4, units.Length);
        Assert.All(units, unit => Assert.NotEqual(0, unit.GetProperty("contexts").GetProperty("strongest").GetArrayLength()));
        Assert.Contains(result.GetProperty("steered").GetProperty("unit").GetInt64(), units.Select(unit => unit.GetProperty("contexts").GetProperty("unit").GetInt64()));
        Assert.Contains($"{ManyContexts} contexts of 128 tokens of dotnet:held-out; model in float32", report.GetElementById("setup")!.ParentElement!.TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void Demo_EndsWithTheCommandForWhatItShowed_AndShowsEveryToken()
    {
        string folder = Folder.File("a demo");
        string[] lines = Tool.Run([.. Small(contexts: 24), "--out", folder]).Succeeded().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.DoesNotContain(lines, line => line.Contains("''", StringComparison.Ordinal) || line.Contains("[]", StringComparison.Ordinal));
        string[] command = [.. CommandLineParser.SplitCommandLine(lines[^1].Replace('\'', '"'))];
        Assert.Equal(["mxd", "generate", "--run", Path.Combine(folder, "mxd")], command[..4]);
        string after = lines.Single(line => line.StartsWith("  after", StringComparison.Ordinal))["  after   Gets the name of the".Length..];
        Assert.StartsWith(after, TokenSigns.Of(Tool.Run(command[1..]).Succeeded().Output), StringComparison.Ordinal);
    }

    [Fact]
    public void Demo_ThatShowsNoUnits_OffersNoneToSteer()
    {
        // Units must be active in five contexts to be shown.
        string output = Tool.Run([.. Small(contexts: 2), "--out", Folder.File("demo")]).Succeeded().Output;
        Assert.DoesNotContain("expert", output, StringComparison.Ordinal);
        Assert.DoesNotContain("--steer", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Demo_TakesOtherText()
    {
        string folder = Folder.File("demo");
        JsonElement result = Tool.Run([.. Small(contexts: 8), "--text", Files.TrainText, "--out", folder, "--json"]).Json();
        Assert.Equal(Files.TrainText, result.GetProperty("results")[0].GetProperty("text")[0].GetString());
        Assert.Contains($"tokens of {Files.TrainText}; model in", Open(folder).GetElementById("setup")!.ParentElement!.TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void Demo_RefusesAllThatIsWrong_AndWritesNothing()
    {
        string folder = Folder.File("demo");
        Tool.Run("demo", "--layer", "9", "--contexts", "-1", "--out", folder).Refused("--contexts is -1", "--layer is 9|demo has 4 layers");
        Tool.Run("demo", "--layer", "9", "--contexts", "0", "--out", folder).Refused("--contexts is 0; it must be at least 1", "--layer is 9");
        Tool.Run("demo", "--contexts", "0", "--out", folder).Refused("--contexts is 0; it must be at least 1");
        Assert.False(Path.Exists(folder));
    }

    [Fact]
    public void Demo_Interrupted_SaysHowToGoOn_AndToTheReport()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Signals are sent by 'kill'.");
        Assert.SkipWhen(Tool.IgnoresInterrupts, "This process was started with interrupts ignored, and mxd inherits that.");
        string folder = Folder.File("demo");
        RunningTool tool = Tool.Start([.. Small(contexts: 8, tokens: 32768), "--out", folder]);
        tool.WaitUntil(() => new RunFiles(Path.Combine(folder, "mxd")).LinesSoFar >= 1);
        tool.Signal("INT");
        ToolResult result = tool.WaitForExit();

        Assert.Equal(130, result.ExitCode);
        Assert.Equal(["Stopped. Go on with:", $"  mxd sweep --resume --out {folder}", "and then write the report with:", $"  mxd report {folder}/*/"], result.ErrorLines[^4..]);
        Tool.Run("sweep", "--resume", "--out", folder).Succeeded();
        Tool.Run(["report", .. Directory.GetDirectories(folder), "--out", Path.Combine(folder, "report.html"), "--contexts", "8"]).Succeeded();
    }

    [Fact]
    public void TwoDemosAtOnce_TakeAFolderEach()
    {
        ProcessStartInfo start = Tool.Describe(Small(contexts: 2));
        start.WorkingDirectory = Folder.Path;
        RunningTool[] demos = [new(start), new(start)];
        foreach (RunningTool demo in demos) demo.WaitForExit().Succeeded();
        Assert.Equal(["demo", "demo-2"], Directory.GetDirectories(Path.Combine(Folder.Path, "runs")).Select(Path.GetFileName).Order());
        Assert.All(Directory.GetDirectories(Path.Combine(Folder.Path, "runs")), folder => Assert.True(File.Exists(Path.Combine(folder, "report.html"))));
    }

    [Fact]
    public void TheEmbeddedModel_GoesByItsName_InEveryCommand()
    {
        JsonElement score = Tool.Run("score", "--model", "demo", "--text", "dotnet:held-out", "--contexts", "256", "--json").Json();
        double perplexity = Math.Exp(score.GetProperty("cross_entropy").GetDouble());
        // Another SDK has somewhat other text, and the card speaks of four times as many contexts.
        Match card = Regex.Match(File.ReadAllText(Path.Combine(TestFiles.Root, "assets/demo-model/README.md")), @"\| ([\d.]+) over 1,024 contexts of 128; .* has ([\d.]+) \|");
        (double model, double trigram) = (Number(1), Number(2));
        Assert.InRange(perplexity, 0.9 * model, 1.1 * model);
        Assert.InRange(perplexity, 1, 0.8 * trigram);
        Assert.NotEqual(0, Tool.Run("tokens", "--model", "demo", "--text", Files.TrainText, "--json").Json().GetProperty("documents").GetArrayLength());

        double Number(int group) => double.Parse(card.Groups[group].Value, CultureInfo.InvariantCulture);
    }

    private static IHtmlDocument Open(string folder) => new HtmlParser().ParseDocument(File.ReadAllText(Path.Combine(folder, "report.html")));

    private static string[] Small(int contexts, int tokens = 8192) => ["demo", "--tokens", $"{tokens}", "--contexts", $"{contexts}", "--multiplier", "8", "--k", "4"];
}
