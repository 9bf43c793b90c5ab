using System.CommandLine;
using Mxd.Cli.CommandLine;
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
            "mxd train --resume --out runs/mxd",
            "mxd train --resume --out runs/mxd --tokens 4000000");
        var options = new OptionSet<TrainOptions>(command, none);
        var output = new Option<string>("--out") { Description = "The folder of the run, made by this command.", HelpName = "path" };
        Option<bool> resume = Flag("--resume", "Go on with the run in --out from its newest checkpoint; --tokens may be raised.");
        Option<bool> json = Flag("--json", "Print the result as one JSON document.");
        foreach (Option own in new Option[] { output, resume, json }) command.Options.Add(own);
        foreach (Option required in options.Of(nameof(TrainOptions.Model), nameof(TrainOptions.Layer), nameof(TrainOptions.Text)))
            command.Require(required, unless: resume);
        command.Require(output);
        command.SetAction(parsed =>
        {
            var folder = new RunFolder(Path.TrimEndingDirectorySeparator(Path.GetFullPath(parsed.GetRequiredValue(output))));
            bool isResumed = parsed.GetValue(resume);
            TrainOptions asked = options.Apply(isResumed ? folder.ReadDescription().Options : none, parsed);
            TrainResult result = ProgressDisplay.Show(observer => Run(asked, folder, isResumed, observer));
            if (parsed.GetValue(json)) Output.Json(result);
            else Show(result);
            return 0;
        });
        return command;
    }

    private static Option<bool> Flag(string name, string description) => new(name) { Description = description, Arity = ArgumentArity.Zero };

    private static TrainResult Run(TrainOptions options, RunFolder folder, bool isResumed, IRunObserver observer)
    {
        using var stop = new StopSignal(observer);
        using PreparedRun run = isResumed
            ? PreparedRun.Resume(options, folder, observer, stop.Token)
            : PreparedRun.New(options, folder, observer, stop.Token);
        foreach (string line in TrainPlan.Describe(run)) observer.Note(line);
        try
        {
            return Invocation.Work(() => TrainingRun.Execute(run, observer, stop.Token));
        }
        catch (OperationCanceledException)
        {
            observer.Note("Stopped. Go on with:");
            observer.Note($"  mxd train --resume --out {ShellWord.Quote(folder.Path)}");
            throw;
        }
    }

    private static void Show(TrainResult result)
    {
        Output.Facts(
        [
            ("run", result.Run),
            ("layer", $"{result.Type}, {result.Parameters:n0} parameters"),
            ("trained on", $"{result.Tokens:n0} tokens in {Duration.Format(TimeSpan.FromSeconds(result.Seconds))}"),
            ("speed", $"{result.TokensPerSecond:n0} tokens/s overall (harvest {result.HarvestTokensPerSecond:n0}, training {result.TrainingTokensPerSecond:n0})"),
            ("peak memory", $"{ByteSize.Format(result.PeakMemoryBytes)} (planned {ByteSize.Format(result.PlannedMemoryBytes)})"),
            ("held-out FVU", $"{result.Final.Fvu:f4}, over {result.Final.Tokens:n0} tokens"),
            ("NormScaledMse", $"{result.Final.NormScaledMse:f5}"),
            ("L0", $"{result.Final.L0:f2} units a token"),
            ("dead units", $"{result.Final.DeadFraction:p1}, active on none of those tokens"),
        ]);
        Output.Command("What it costs the model:", $"mxd eval --run {ShellWord.Quote(result.Run)}");
    }
}
