using System.CommandLine;
using Mxd.Activations;
using Mxd.Cli.CommandLine;
using Mxd.Layers;
using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Cli.Commands;

/// <summary><c>mxd train</c>: one layer, from text to a run folder.</summary>
internal static class TrainCommand
{
    private static readonly TrainOptions none = new() { Model = "", Layer = -1, Text = [] };

    public static Command Create()
    {
        var command = new DocumentedCommand(
            "train",
            "Train a layer to stand in for one MLP of a language model.",
            "mxd train --model model.gguf --layer 15 --text train.jsonl --validation held-out.jsonl --out runs/mxd",
            "mxd train --model model.gguf --layer 15 --text train.jsonl --type transcoder --k 32 --experts 4608 --out runs/transcoder",
            "mxd train --activations activations --k 64 --out runs/mxd-64",
            "mxd train --resume --out runs/mxd",
            "mxd train --resume --out runs/mxd --tokens 4000000");
        var options = new OptionSet<TrainOptions>(command, none);
        var output = new Option<string>("--out") { Description = "The folder of the run, made by this command.", HelpName = "path" };
        var preset = new Option<string>("--preset")
        {
            Description = $"Begin with the model, layer, sizes and recipe of published runs; options given besides go before. One of {string.Join(", ", PublishedPreset.Names)}.",
            HelpName = "name",
        };
        Option<bool> resume = Flag("--resume", "Go on with the run in --out from its newest checkpoint; --tokens may be raised.");
        Option<bool> json = Flag("--json", "Print the result as one JSON document.");
        foreach (Option own in new Option[] { preset, output, resume, json }) command.Options.Add(own);
        Option activations = options.Of(nameof(TrainOptions.Activations)).Single();
        foreach (Option required in options.Of(nameof(TrainOptions.Model), nameof(TrainOptions.Layer), nameof(TrainOptions.Text)))
            command.Require(required, resume, preset, activations);
        command.Require(output);
        command.SetAction(parsed =>
        {
            var folder = new RunFolder(Path.TrimEndingDirectorySeparator(Path.GetFullPath(parsed.GetRequiredValue(output))));
            bool isResumed = parsed.GetValue(resume);
            string? published = parsed.GetValue(preset);
            if (isResumed && published is not null)
                throw new MxdInputException($"--preset is {published}, but the run in {folder.Path} has its options already: leave --preset out to go on.");
            TrainOptions start = isResumed ? folder.ReadDescription().Options : Stored(options.Apply(none, parsed).Activations);
            TrainOptions asked = published is null ? options.Apply(start, parsed) : Published(PublishedPreset.Get(published), start, options, parsed);
            TrainResult result = ProgressDisplay.Show(observer => Run(asked, folder, isResumed, published, observer));
            if (parsed.GetValue(json)) Output.Json(result);
            else Show(result);
            return 0;
        });
        return command;
    }

    /// <summary>The sizes follow from the type and the multiplier, which are options themselves.</summary>
    private static TrainOptions Published(PublishedPreset preset, TrainOptions start, OptionSet<TrainOptions> options, ParseResult parsed)
    {
        TrainOptions given = options.Apply(none with { Type = preset.Type }, parsed);
        TrainOptions published = PublishedOptions.Of(start, preset, given.Type, given.Multiplier);
        // Activations on disk have decided the model and the text; a preset's are those of other runs.
        if (start.Activations is not null)
            published = published with { Model = start.Model, Text = start.Text, Layer = start.Layer, Context = start.Context, Tokens = start.Tokens };
        TrainOptions asked = options.Apply(published, parsed);
        return given.Experts is null && asked.Experts is not null ? asked with { Multiplier = null } : asked;
    }

    /// <summary>Options to begin with: as activations on disk have them, where there are any.</summary>
    private static TrainOptions Stored(string? activations) =>
        activations is null ? none : StoreAgreement.Adopt(none, ActivationStore.Open(activations));

    private static Option<bool> Flag(string name, string description) => new(name) { Description = description, Arity = ArgumentArity.Zero };

    private static TrainResult Run(TrainOptions options, RunFolder folder, bool isResumed, string? preset, IRunObserver observer)
    {
        using var stop = new StopSignal(observer);
        using PreparedRun run = isResumed
            ? PreparedRun.Resume(options, folder, observer, stop.Token)
            : PreparedRun.New(options, folder, observer, stop.Token);
        foreach (string line in TrainPlan.Describe(run)) observer.Note(line);
        if (preset is not null && PublishedPreset.Get(preset) is var published && published.InputWidth != run.Description.Layer.InputWidth)
            observer.Note($"Note: the sizes of {preset} are those of a model of width {published.InputWidth}, and this one has {run.Description.Layer.InputWidth}: name --experts and --hidden, or choose another preset.");
        try
        {
            return Invocation.Work(() => TrainingRun.Execute(run, new Expectations(observer), stop.Token));
        }
        catch (OperationCanceledException)
        {
            observer.Note("Stopped. Go on with:");
            observer.Note($"  mxd train --resume --out {ShellWord.Quote(folder.Path)}");
            throw;
        }
    }

    /// <summary>A run that was resumed is measured against what was expected of its last sitting.</summary>
    private static (string, string)[] Expected(RunEstimate expected, TrainResult result) =>
    [
        ("expected", TrainPlan.Rates(expected)),
        ("time", $"{Duration.Format(TimeSpan.FromSeconds(result.SittingSeconds))} for {expected.Tokens:n0} tokens (expected {Duration.Format(TimeSpan.FromSeconds(expected.Seconds))})"),
    ];

    private static (string, string)[] Activity(TrainResult result) =>
    [
        ("L0", $"{result.Final.L0:f2} units a token"),
        ("dead units", $"{result.Final.DeadFraction:p1}, active on none of those tokens"),
    ];

    private static void Show(TrainResult result)
    {
        Output.Facts(
        [
            ("run", result.Run),
            ("layer", $"{result.Type}, {result.Parameters:n0} parameters"),
            ("trained on", $"{result.Tokens:n0} tokens in {Duration.Format(TimeSpan.FromSeconds(result.Seconds))}"),
            ("speed", $"{result.TokensPerSecond:n0} tokens/s overall (harvest {result.HarvestTokensPerSecond:n0}, training {result.TrainingTokensPerSecond:n0})"),
            .. result.Expected is { } expected ? Expected(expected, result) : [],
            ("peak memory", $"{ByteSize.Format(result.PeakMemoryBytes)} (planned {ByteSize.Format(result.PlannedMemoryBytes)})"),
            ("held-out FVU", $"{result.Final.Fvu:f4}, over {result.Final.Tokens:n0} tokens"),
            ("NormScaledMse", $"{result.Final.NormScaledMse:f5}"),
            .. LayerTypes.Get(result.Type).HasUnits ? Activity(result) : [],
        ]);
        Output.Command("What it costs the model:", $"mxd eval --run {ShellWord.Quote(result.Run)}");
    }
}
