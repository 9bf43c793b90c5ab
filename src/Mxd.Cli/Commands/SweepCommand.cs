using System.CommandLine;
using Mxd.Activations;
using Mxd.Cli.CommandLine;
using Mxd.Evaluation;
using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Cli.Commands;

/// <summary><c>mxd sweep</c>: many configurations from one pass of the language model.</summary>
internal static class SweepCommand
{
    private static readonly SweepOptions none = new() { Base = new TrainOptions { Model = "", Layer = -1, Text = [] } };

    public static Command Create()
    {
        var command = new DocumentedCommand(
            "sweep",
            "Train many configurations, every combination of the lists given, from one pass of the language model, and measure what each costs it.",
            "mxd sweep --model model.gguf --layer 15 --text train.jsonl --validation held-out.jsonl --type mxd,transcoder,dense,linear --k 8,16,32 --out sweeps/frontier",
            "mxd sweep --model gpt2 --layer 8 --text train.jsonl --lr 3e-4,1e-3,3e-3 --seed 0,1 --tokens 500000 --max-memory 8GB --out sweeps/rates",
            "mxd sweep --activations activations --type mxd,transcoder --lr 3e-4,1e-3 --out sweeps/stored",
            "mxd sweep --resume --out sweeps/frontier",
            "mxd sweep --resume --out sweeps/frontier --k 8,16,32,64");
        var lists = new OptionSet<SweepOptions>(command, none);
        var shared = new OptionSet<TrainOptions>(command, none.Base, without: SweepOptions.Listed);
        var memory = new Option<string>("--max-memory") { Description = "Memory that one pass may take, such as 8GB; configurations that do not fit get further passes (default: what is free).", HelpName = "size" };
        var output = new Option<string>("--out") { Description = "The folder of the sweep, made by this command, with a run folder for each configuration.", HelpName = "path" };
        var resume = new Option<bool>("--resume") { Description = "Go on with the sweep in --out; lists may be made longer, and --tokens raised.", Arity = ArgumentArity.Zero };
        var json = new Option<bool>("--json") { Description = "Print the result as one JSON document.", Arity = ArgumentArity.Zero };
        foreach (Option own in new Option[] { memory, output, resume, json }) command.Options.Add(own);
        Option activations = shared.Of(nameof(TrainOptions.Activations)).Single();
        foreach (Option required in lists.Of(nameof(SweepOptions.Layer)).Concat(shared.Of(nameof(TrainOptions.Model), nameof(TrainOptions.Text)))) command.Require(required, resume, activations);
        command.Require(output);
        command.SetAction(parsed =>
        {
            var folder = new SweepFolder(Path.TrimEndingDirectorySeparator(Path.GetFullPath(parsed.GetRequiredValue(output))));
            bool isResumed = parsed.GetValue(resume);
            SweepOptions start = isResumed ? folder.ReadDescription().Asked : none with { Base = Stored(shared.Apply(none.Base, parsed).Activations) };
            SweepOptions asked = lists.Apply(start, parsed) with { Base = shared.Apply(start.Base, parsed) };
            if (!isResumed && asked.Layer.Count > 0) asked = asked with { Base = asked.Base with { Layer = asked.Layer[0] } };
            long? most = Bytes(parsed.GetValue(memory));
            SweepResult result = ProgressDisplay.Show(observer => Run(asked, folder, isResumed, most, observer));
            if (parsed.GetValue(json)) Output.Json(result.ToJson());
            else result.Show();
            return result.HasFailures ? 1 : 0;
        });
        return command;
    }

    private static SweepResult Run(SweepOptions options, SweepFolder folder, bool isResumed, long? maxMemory, IRunObserver observer)
    {
        using var stop = new StopSignal(observer);
        using PreparedSweep sweep = isResumed
            ? PreparedSweep.Resume(options, folder, observer, maxMemory, stop.Token)
            : PreparedSweep.New(options, folder, observer, maxMemory, stop.Token);
        foreach (string line in SweepPlan.Describe(sweep)) observer.Note(line);
        try
        {
            return Invocation.Work(() =>
            {
                SweepRun.Execute(sweep, new Expectations(observer), stop.Token);
                return SweepResult.Of(sweep, SweepEvaluation.Evaluate(sweep, observer, stop.Token));
            });
        }
        catch (OperationCanceledException)
        {
            observer.Note("Stopped. Go on with:");
            observer.Note($"  mxd sweep --resume --out {ShellWord.Quote(folder.Path)}");
            throw;
        }
    }

    /// <summary>Options to begin with: as activations on disk have them, where there are any that can be read.</summary>
    private static TrainOptions Stored(string? activations)
    {
        try
        {
            return activations is null ? none.Base : StoreAgreement.Adopt(none.Base, ActivationStore.Open(activations));
        }
        catch (MxdInputException)
        {
            // Said with all else that is wrong, when the sweep is prepared.
            return none.Base;
        }
    }

    private static long? Bytes(string? text) => text is null ? null : ByteSize.Parse(text) is { } bytes and > 0
        ? bytes
        : throw new MxdInputException($"--max-memory is '{text}'; a size such as 8GB is expected.");
}
