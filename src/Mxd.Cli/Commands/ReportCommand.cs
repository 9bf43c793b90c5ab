using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mxd.Cli.CommandLine;
using Mxd.Evaluation;
using Mxd.Exploration;
using Mxd.Exploration.Reports;
using Mxd.LanguageModels;
using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Cli.Commands;

/// <summary>Options of <c>mxd report</c>.</summary>
internal sealed record ReportOptions
{
    [Option("--out", "The HTML file (default: report.html in the run's folder, or here where there are several runs).", IsPath = true)]
    public string? Out { get; init; }

    [Option("--contexts", "Contexts of the text that units are looked up in.")]
    public int Contexts { get; init; } = 256;

    [Option("--units", "Units shown of each run; 0 leaves usage and units out, and needs no language model.")]
    public int Units { get; init; } = 8;

    [Option("--text", "Text for the units, named as for train (default: what the run held out).", IsPath = true, MayBeHubId = true)]
    public IReadOnlyList<string> Text { get; init; } = [];

    [Option("--text-field", "The field of each JSON object, or the column, that holds the text.")]
    public string TextField { get; init; } = "text";

    [Option("--model", "The language model, if it is no longer where the run found it, or the layer was imported.", IsPath = true, MayBeHubId = true)]
    public string? Model { get; init; }

    [Option("--model-dtype", "Precision of the language model: float32 or bfloat16 (default: as in the evaluation).")]
    public string? ModelDtype { get; init; }

    [Option("--device", "Device: cpu, cuda, cuda:N or auto.")]
    public string Device { get; init; } = "auto";

    [Option("--allow-other-weights", "Accept the same model with other weights, such as another quantisation.")]
    public bool AllowOtherWeights { get; init; }

    /// <summary>What finds the language model and the text, as for <c>mxd eval</c>.</summary>
    public EvalOptions ForUnits(IReadOnlyList<string> runs, IReadOnlyList<ReportedRun> read) => new()
    {
        Run = runs,
        Text = Text,
        TextField = TextField,
        Contexts = Contexts,
        Model = Model,
        ModelDtype = ModelDtype ?? read[0].Evaluation.ModelDtype,
        Device = Device,
        AllowOtherWeights = AllowOtherWeights,
    };
}

/// <summary><c>mxd report</c>: one HTML file about evaluated runs.</summary>
internal static class ReportCommand
{
    private const string FileName = "report.html";

    /// <summary>The rest is for what a batch of text takes.</summary>
    private const double ShareOfMemory = 0.7;

    public static Command Create()
    {
        var command = new DocumentedCommand(
            "report",
            "Write one self-contained HTML file about evaluated runs: results, training, usage of units, a sample of them with the text they are active on.",
            "mxd report runs/mxd",
            "mxd report runs/mxd runs/transcoder --out report.html",
            "mxd report runs/mxd --units 20 --contexts 1024");
        var runs = new PathArguments("RUN", "The run folders, measured by 'mxd eval'.");
        command.Arguments.Add(runs);
        var defaults = new ReportOptions();
        var set = new OptionSet<ReportOptions>(command, defaults);
        var json = new Option<bool>("--json") { Description = "Print what the report shows as one JSON document.", Arity = ArgumentArity.Zero };
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            string[] folders = [.. runs.Require(parsed, "name the folders of evaluated runs")];
            (string file, ReportContent content) = ProgressDisplay.Show(observer => Run(folders, set.Apply(defaults, parsed), observer));
            if (parsed.GetValue(json)) Output.Json(ToJson(file, content));
            else Show(file, content);
            return 0;
        });
        return command;
    }

    private static (string, ReportContent) Run(string[] folders, ReportOptions options, IRunObserver observer)
    {
        using var stop = new StopSignal(observer);
        string file = options.Out ?? Path.Combine(folders.Length == 1 ? folders[0] : Directory.GetCurrentDirectory(), FileName);
        IReadOnlyList<ReportedRun> runs = Check(folders, options, file);
        if (options.Units == 0) return Invocation.Work(() => Write(file, ReportBuilder.Describe(runs)));
        observer.Begin("Reading the text", 0, "");
        EvalOptions asked = options.ForUnits(folders, runs);
        using EvalInput input = EvalInput.Open(asked, observer, stop.Token);
        foreach (string note in input.Notes) observer.Note(note);
        return Invocation.Work(() => Write(file, WithUnits(runs, options, asked, input, observer, stop.Token)));
    }

    private static ReportContent WithUnits(
        IReadOnlyList<ReportedRun> runs, ReportOptions options, EvalOptions asked, EvalInput input, IRunObserver observer, CancellationToken cancellation)
    {
        observer.Begin("Loading the language model", 100, "%");
        using LanguageModel model = input.Model.Load(Dtypes.Parse(asked.ModelDtype), Devices.Parse(asked.Device), new ObservedPercent(observer));
        observer.Begin("Looking at units", 100, "%");
        return ReportBuilder.AddUnits(
            ReportBuilder.Describe(runs), input.Runs, model, input.Text, input.TextFiles, input.Model.Tokenizer, new ExplorationOptions { Contexts = options.Contexts }, options.Units,
            (long)(ShareOfMemory * SystemMemory.Read().Available), new ObservedPercent(observer), cancellation);
    }

    private static (string, ReportContent) Write(string file, ReportContent content)
    {
        HtmlReport.Write(file, content);
        return (file, content);
    }

    private static IReadOnlyList<ReportedRun> Check(string[] folders, ReportOptions options, string file)
    {
        var problems = new ProblemList();
        problems.AddIf(folders.Distinct().Count() < folders.Length, "The same run is named twice: name each once.");
        problems.AddIf(options.Contexts < 1, $"--contexts is {options.Contexts}; it must be at least 1.");
        problems.AddIf(options.Units < 0, $"--units is {options.Units}; it must be at least 0.");
        problems.AddIf(options.ModelDtype is not (null or "float32" or "bfloat16"), $"--model-dtype is '{options.ModelDtype}'; choose float32 or bfloat16.");
        problems.Collect(() => { Devices.Parse(options.Device); });
        problems.Collect(() => HtmlReport.CheckPlace(file));
        IReadOnlyList<ReportedRun>? runs = problems.Collect(() => ReportedRun.ReadAll([.. folders.Select(f => new RunFolder(f))]));
        problems.ThrowIfAny();
        return runs!;
    }

    private static JsonObject ToJson(string file, ReportContent content) => new()
    {
        ["report"] = file,
        ["bytes"] = new FileInfo(file).Length,
        ["text"] = JsonSerializer.SerializeToNode(content.Text, Json.Compact),
        ["runs"] = new JsonArray([.. content.Runs.Select(run =>
        {
            JsonObject json = run.Evaluation.ToJson();
            json["name"] = run.Name;
            if (run.Units is { } units) json["units"] = JsonSerializer.SerializeToNode(units, Json.Compact);
            return (JsonNode)json;
        })]),
    };

    private static void Show(string file, ReportContent content) => Output.Facts(
    [
        ("report", $"{file}, {ByteSize.Format(new FileInfo(file).Length)}, to be opened in a browser"),
        .. content.Runs.Select(run => (run.Name, Describe(run))),
    ]);

    private static string Describe(ReportedRun run)
    {
        double share = run.Evaluation.Cost.CrossEntropyRecovered;
        string recovered = double.IsFinite(share) ? FormattableString.Invariant($"{share:p1} recovered") : "recovered undefined";
        return run.Units is { } units
            ? FormattableString.Invariant($"{recovered}; {units.Usage.Units - units.Usage.Never:n0} of {units.Usage.Units:n0} units active in {units.Usage.Tokens:n0} tokens, {units.Sample.Count} shown")
            : recovered;
    }
}
