using Mxd.Chat;
using Mxd.Evaluation;
using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Exploration.Naming;

/// <summary>Everything that naming reads, checked before work starts.</summary>
public sealed class NameInput : IDisposable
{
    private readonly NamesFile unnamed;

    private NameInput(EvalInput text, IReadOnlyList<NamedService> services, NamesFile unnamed)
    {
        (Text, Services, this.unnamed) = (text, services, unnamed);
    }

    /// <summary>The run, the language model and the text.</summary>
    public EvalInput Text { get; }

    /// <summary>Who is asked: the namer, and the scorer where that is another.</summary>
    public IReadOnlyList<NamedService> Services { get; }

    /// <summary>Units by number; null where the text decides.</summary>
    public IReadOnlyList<int>? Units { get; private init; }

    /// <summary>Checks everything, and opens the model.</summary>
    /// <param name="options">What is named, and how.</param>
    /// <param name="asking">How services are asked.</param>
    /// <param name="environment">An environment variable's value, or null.</param>
    /// <param name="observer">Hears of downloads.</param>
    /// <param name="cancellation">Stops reading.</param>
    /// <exception cref="MxdInputException">Everything that is wrong, a line each.</exception>
    public static NameInput Open(NameOptions options, AskingOptions asking, Func<string, string?> environment, IRunObserver observer, CancellationToken cancellation)
    {
        var problems = new ProblemList();
        foreach (string problem in options.Problems()) problems.Add(problem);
        IReadOnlyList<NamedService> services = NamedService.ReadAll("--namer or --scorer", options.Services, asking, environment, problems);
        problems.Collect(() => new RunFolder(options.Run).RequireLayer());
        problems.ThrowIfAny();
        var run = EvalRun.Read(options.Run);
        long units = run.Saved.Layer.Units;
        if (units == 0) throw new MxdInputException($"{run.Path} is of type '{run.Saved.Layer.Type}', which has no units to name: name another run.");
        problems.AddIf(options.Top > units, $"--top is {options.Top}, but the layer has {units} units: give at most that.");
        IReadOnlyList<int>? chosen = options.Top is null ? problems.Collect(() => UnitRanges.Parse(options.Units, units)) : null;
        problems.Collect(() => { NamesFile.Find(run.Folder); });
        if (Directory.Exists(run.Folder.NamesFile)) problems.Add($"{run.Folder.NamesFile} is a folder, where the names belong: move it away.");
        else if (run.Folder.WhyNotWritable() is not null) problems.Add($"{run.Path} cannot be written to, and the names belong there: free it, or copy the run.");
        problems.ThrowIfAny();
        var unnamed = NamesFile.Of(run);
        EvalInput text = EvalInput.Open(
            new EvalOptions
            {
                Run = [options.Run],
                Text = options.Text,
                TextField = options.TextField,
                Contexts = options.Contexts,
                Model = options.Model,
                ModelDtype = options.ModelDtype,
                Device = options.Device,
                AllowOtherWeights = options.AllowOtherWeights,
            },
            observer,
            cancellation);
        if (text.Text.Count >= 2) return new NameInput(text, services, unnamed) { Units = chosen };
        text.Dispose();
        throw new MxdInputException("The text has one context, and naming and scoring need one each: name more text by --text.");
    }

    /// <summary>Puts names into the run's folder, beside those of other units that are there by now.</summary>
    /// <returns>Why that did not work, a line; null where it did.</returns>
    public string? Keep(NamingResult result)
    {
        RunFolder folder = Text.Runs[0].Folder;
        try
        {
            if (result.Names.Count > 0) (unnamed with { Names = result.Names }).MergeInto(folder);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or MxdInputException)
        {
            return $"The names could not be written to {folder.NamesFile} ({OneLine.Of(e)}): free it, and repeat the command, which takes the answers from the cache.";
        }
    }

    /// <summary>What was found, with the run it was found in.</summary>
    public NameReport Report(NamingResult result)
    {
        EvalRun run = Text.Runs[0];
        return new NameReport(run.Path, run.Saved.Layer.Type, unnamed.TrainedTokens, Text.TextFiles, result.Names, result.Unnamed, result.MeanScore, result.MeanControl, result.Services, result.Stopped);
    }

    public void Dispose() => Text.Dispose();
}
