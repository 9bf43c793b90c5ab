using System.CommandLine;
using System.Text.Json.Nodes;
using Mxd.Cli.CommandLine;
using Mxd.Evaluation.Frontiers;
using Mxd.Figures;
using Mxd.Runtime;

namespace Mxd.Cli.Commands;

/// <summary>Options of <c>mxd compare</c>.</summary>
internal sealed record CompareOptions
{
    [Option("--out", "Folder for the figures, as .png and .svg, and frontier.csv. It is made.", IsPath = true)]
    public string? Out { get; init; }

    [Option("--x", "What the figures have along the x axis: k, units chosen, or l0, units active as measured.")]
    public string X { get; init; } = "k";

    [Option("--reference", "Points from elsewhere, drawn hollow: a .csv like frontier.csv, or what 'mxd compare --json' printed.", IsPath = true)]
    public IReadOnlyList<string> Reference { get; init; } = [];

    [Option("--all-lr", "Keep every learning rate as a line of its own, instead of the best at each point.")]
    public bool AllLearningRates { get; init; }
}

/// <summary><c>mxd compare</c>: the frontier of evaluated runs, as a table, figures and CSV.</summary>
internal static class CompareCommand
{
    public static Command Create()
    {
        var command = new DocumentedCommand(
            "compare",
            "Set evaluated runs side by side: the frontier of what each layer type costs the model at each K, as a table and as figures.",
            "mxd compare runs/mxd runs/transcoder",
            "mxd compare sweep --out figures",
            "mxd compare sweep --out figures --x l0 --reference published.csv --json");
        var runs = new PathArguments("RUN", "Folders of runs, or of a sweep, that 'mxd eval' has measured.");
        command.Arguments.Add(runs);
        var defaults = new CompareOptions();
        var set = new OptionSet<CompareOptions>(command, defaults);
        var json = new Option<bool>("--json") { Description = "Print the result as one JSON document.", Arity = ArgumentArity.Zero };
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            CompareOptions options = set.Apply(defaults, parsed);
            Compared compared = Compare(runs.Require(parsed, "name folders of runs, or of a sweep"), options);
            foreach (string line in compared.Runs.LeftOut) Console.Error.WriteLine("Note: " + line);
            IReadOnlyList<string> files = Invocation.Work(() => Write(compared, options));
            if (parsed.GetValue(json)) Output.Json(ToJson(compared, options.Out, files));
            else CompareTable.Show(compared.Frontier, options.Out, files);
            return 0;
        });
        return command;
    }

    private static Compared Compare(IReadOnlyList<string> paths, CompareOptions options)
    {
        var problems = new ProblemList();
        problems.AddIf(options.X is not ("k" or "l0"), $"--x is '{options.X}'; choose k or l0.");
        problems.AddIf(File.Exists(options.Out), $"--out is {options.Out}, which is a file: name a folder.");
        List<FrontierPoint> published = [];
        foreach (string file in options.Reference) problems.Collect(() => published.AddRange(PublishedPoints.Read(file)));
        ComparedRuns? runs = problems.Collect(() => ComparedRuns.Read(paths, ShellWord.Quote));
        problems.ThrowIfAny();
        return new Compared(runs!, Frontier.Of(runs!.Runs, options.AllLearningRates, published));
    }

    private static IReadOnlyList<string> Write(Compared compared, CompareOptions options)
    {
        if (options.Out is not { } folder) return [];
        IReadOnlyList<NamedChart> charts = new FrontierFigures(compared.Frontier, options.X == "l0" ? FrontierAxis.L0 : FrontierAxis.K).All;
        foreach (NamedChart chart in charts) Figure.Save(chart.Chart, folder, chart.Name);
        AtomicFile.WriteAllText(Path.Combine(folder, "frontier.csv"), FrontierCsv.Write(compared.Frontier.Points));
        return [.. charts.SelectMany(c => new[] { c.Name + ".png", c.Name + ".svg" }), "frontier.csv"];
    }

    private static JsonObject ToJson(Compared compared, string? folder, IReadOnlyList<string> files) => new()
    {
        ["runs"] = new JsonArray([.. compared.Frontier.Runs.Select(r => (JsonNode)r.ToJson(compared.Frontier.Uses(r)))]),
        ["points"] = new JsonArray([.. compared.Frontier.Points.Select(p => (JsonNode)p.ToJson())]),
        ["left_out"] = Texts(compared.Runs.LeftOut),
        ["notes"] = Texts(compared.Frontier.Notes),
        ["files"] = Texts(files.Select(name => Path.Combine(folder!, name))),
    };

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(text => (JsonNode)text)]);

    private sealed record Compared(ComparedRuns Runs, Frontier Frontier);
}
