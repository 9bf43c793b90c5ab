using System.Globalization;
using Mxd.Activations;
using Mxd.Evaluation;
using Mxd.Evaluation.Probing;
using Mxd.Exploration.Reports;
using Mxd.LanguageModels;
using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Exploration.Steered;

/// <summary>A unit to steer, and why it was chosen, where that is more than its number.</summary>
internal sealed record ChosenForSteering(int Unit, string? Why = null);

/// <summary>Everything a steering experiment reads, checked before work starts.</summary>
public sealed class SteerInput : IDisposable
{
    private readonly EvalInput? withText;

    private SteerInput(EvalRun run, ModelFile model, EvalInput? withText)
    {
        (Run, Model, this.withText) = (run, model, withText);
    }

    public EvalRun Run { get; }

    public ModelFile Model { get; }

    /// <summary>Ids of the prompt, the first token before it.</summary>
    public required IReadOnlyList<int> Prompt { get; init; }

    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>Where activations are measured; null where nothing asks for that.</summary>
    internal PackedContexts? Text => withText?.Text;

    /// <summary>The units by number or by probe; null where the text decides.</summary>
    internal IReadOnlyList<ChosenForSteering>? Units { get; private init; }

    /// <summary>Checks everything, and opens the model.</summary>
    /// <exception cref="MxdInputException">Everything that is wrong, a line each.</exception>
    public static SteerInput Open(SteerOptions options, IRunObserver observer, CancellationToken cancellation)
    {
        var problems = new ProblemList();
        foreach (string problem in options.Problems()) problems.Add(problem);
        problems.Collect(() => { Devices.Parse(options.Device); });
        if (options.Out is { } page) problems.Collect(() => HtmlReport.CheckPlace(page, Page.Steer, "steering page"));
        problems.Collect(() => new RunFolder(options.Run).RequireLayer());
        problems.ThrowIfAny();
        var run = EvalRun.Read(options.Run);
        if (run.Saved.Layer.Units == 0) throw new MxdInputException($"{run.Path} is of type '{run.Saved.Layer.Type}', which has no units to steer: name another run.");
        ChosenForSteering[]? units = Choose(options, run);
        if (!options.NeedsText)
        {
            ModelFile alone = ModelFile.Open(options.Model ?? run.FindModel(), new ObservedDownloads(observer), cancellation);
            return Complete(options, run, alone, null, units, () => [.. run.Notes(alone.Identity, options.AllowOtherWeights)]);
        }
        EvalInput input = EvalInput.Open(
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
        return Complete(options, run, input.Model, input, units, () => input.Notes);
    }

    public void Dispose()
    {
        if (withText is not null) withText.Dispose();
        else Model.Dispose();
    }

    private static SteerInput Complete(SteerOptions options, EvalRun run, ModelFile model, EvalInput? withText, IReadOnlyList<ChosenForSteering>? units, Func<IReadOnlyList<string>> notes)
    {
        try
        {
            model.CheckWeights();
            int[] prompt = [model.Tokenizer.FirstToken, .. model.Tokenizer.Encode(options.Prompt)];
            if (prompt.Length + options.Tokens > model.Config.ContextLength)
                throw new MxdInputException($"--prompt has {prompt.Length} tokens, which with the {options.Tokens} of --tokens is more than the {model.Config.ContextLength} positions of {model.Id}: give a shorter one, or fewer tokens.");
            return new SteerInput(run, model, withText) { Prompt = prompt, Notes = notes(), Units = units };
        }
        catch
        {
            if (withText is not null) withText.Dispose();
            else model.Dispose();
            throw;
        }
    }

    private static ChosenForSteering[]? Choose(SteerOptions options, EvalRun run)
    {
        long units = run.Saved.Layer.Units;
        if (options.Probe is { } file) return OfProbe(file, run);
        if (options.Top > units) throw new MxdInputException($"--top is {options.Top}, but the layer has {units} units: give at most that.");
        return options.Top is null ? [.. UnitRanges.Parse(options.Units, units).Select(unit => new ChosenForSteering(unit))] : null;
    }

    /// <summary>The best unit of each class; one that is best of several is steered once, for all of them.</summary>
    private static ChosenForSteering[] OfProbe(string file, EvalRun run)
    {
        ProbeReport report = ProbeFile.Read(file);
        ProbedRun probed = report.Runs.FirstOrDefault(r => Path.GetFullPath(r.Run) == Path.GetFullPath(run.Path)) ?? (report.Runs.Count == 1 ? report.Runs[0] : null)
            ?? throw new MxdInputException($"{file} has no probes of {run.Path}; it has {string.Join(", ", report.Runs.Select(r => r.Run))}: name the run's own.");
        if (probed.Type != run.Saved.Layer.Type || probed.Units != run.Saved.Layer.Units)
            throw new MxdInputException($"{file} is of a layer of type '{probed.Type}' with {probed.Units} units, and {run.Path} is '{run.Saved.Layer.Type}' with {run.Saved.Layer.Units}: name the run's own.");
        if (probed.TrainedTokens != run.Saved.Origin?.TrainedTokens)
            throw new MxdInputException($"{file} is of the layer after {probed.TrainedTokens?.ToString("n0", CultureInfo.InvariantCulture) ?? "an unknown number of"} tokens, and {run.Path} has been trained on {run.Saved.Origin?.TrainedTokens.ToString("n0", CultureInfo.InvariantCulture) ?? "an unknown number"}: probe it again.");
        if (probed.Classes.FirstOrDefault(c => c.BestUnit < 0 || c.BestUnit >= run.Saved.Layer.Units) is { } wrong)
            throw new MxdInputException($"{file} names unit {wrong.BestUnit}, but the layer has {run.Saved.Layer.Units}: probe it again.");
        return [.. probed.Classes.GroupBy(c => c.BestUnit).Select(g => new ChosenForSteering(
            g.Key, string.Join(", ", g.Select(c => FormattableString.Invariant($"best of '{c.Label}', F1 {c.F1:f2}")))))];
    }
}
