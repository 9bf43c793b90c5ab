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
/// <param name="Place">Number of its run.</param>
/// <param name="Unit">Its number.</param>
/// <param name="Why">Why it was chosen.</param>
internal sealed record ChosenForSteering(int Place, int Unit, string? Why = null);

/// <summary>Everything a steering experiment reads, checked before work starts.</summary>
public sealed class SteerInput : IDisposable
{
    private readonly EvalInput? withText;

    private SteerInput(IReadOnlyList<EvalRun> runs, ModelFile model, EvalInput? withText)
    {
        (Runs, Model, this.withText) = (runs, model, withText);
    }

    /// <summary>Those whose layers are in place, at layers of their own, in order of depth.</summary>
    public IReadOnlyList<EvalRun> Runs { get; }

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
        foreach (string path in options.Run) problems.Collect(() => new RunFolder(path).RequireLayer());
        problems.ThrowIfAny();
        EvalRun[] runs = [.. options.Run.Select(EvalRun.Read).OrderBy(LayerOf)];
        CheckTogether(runs, problems);
        options = options with { Run = [.. runs.Select(run => run.Path)] };
        ChosenForSteering[]? units = Choose(options, runs);
        if (!options.NeedsText)
        {
            ModelFile alone = ModelFile.Open(options.Model ?? runs[0].FindModel(), new ObservedDownloads(observer), cancellation);
            return Complete(options, runs, alone, null, units, () => [.. runs.SelectMany(run => run.Notes(alone.Identity, options.AllowOtherWeights)).Distinct()]);
        }
        EvalInput input = EvalInput.Open(
            new EvalOptions
            {
                Run = options.Run,
                Text = options.Text,
                TextField = options.TextField,
                SkipBad = options.SkipBad,
                Contexts = options.Contexts,
                Model = options.Model,
                ModelDtype = options.ModelDtype,
                Device = options.Device,
                AllowOtherWeights = options.AllowOtherWeights,
            },
            observer,
            cancellation);
        return Complete(options, runs, input.Model, input, units, () => input.Notes);
    }

    public void Dispose()
    {
        if (withText is not null) withText.Dispose();
        else Model.Dispose();
    }

    private static SteerInput Complete(SteerOptions options, IReadOnlyList<EvalRun> runs, ModelFile model, EvalInput? withText, IReadOnlyList<ChosenForSteering>? units, Func<IReadOnlyList<string>> notes)
    {
        try
        {
            model.CheckWeights();
            int[] prompt = [model.Tokenizer.FirstToken, .. model.Tokenizer.Encode(options.Prompt)];
            if (prompt.Length + options.Tokens > model.Config.ContextLength)
                throw new MxdInputException($"--prompt has {prompt.Length} tokens, which with the {options.Tokens} of --tokens is more than the {model.Config.ContextLength} positions of {model.Id}: give a shorter one, or fewer tokens.");
            return new SteerInput(runs, model, withText) { Prompt = prompt, Notes = notes(), Units = units };
        }
        catch
        {
            if (withText is not null) withText.Dispose();
            else model.Dispose();
            throw;
        }
    }

    /// <summary>The language model's layer that a run stands at.</summary>
    internal static int LayerOf(EvalRun run) => HookPoint.Parse(run.Saved.Output!).Layer;

    private static void CheckTogether(EvalRun[] runs, ProblemList problems)
    {
        foreach (EvalRun run in runs.Where(run => run.Saved.Layer.Units == 0))
            problems.Add($"{run.Path} is of type '{run.Saved.Layer.Type}', which has no units to steer: name another run.");
        foreach (IGrouping<int, EvalRun> same in runs.GroupBy(LayerOf).Where(same => same.Count() > 1))
            problems.Add($"{string.Join(" and ", same.Select(run => run.Path))} are at layer {same.Key}: what is in place together must be at different layers, so steer them one at a time.");
        problems.ThrowIfAny();
    }

    private static ChosenForSteering[]? Choose(SteerOptions options, EvalRun[] runs)
    {
        if (options.Probe is { } file) return OfProbe(file, runs);
        foreach (EvalRun run in runs.Where(run => options.Top > run.Saved.Layer.Units))
            throw new MxdInputException($"--top is {options.Top}, but {(runs.Length > 1 ? run.Path : "the layer")} has {run.Saved.Layer.Units} units: give at most that.");
        if (options.Top is not null) return null;
        return [.. UnitRanges.Parse(options.Units, [.. runs.Select(run => new LayerUnits(LayerOf(run), run.Saved.Layer.Units))]).Select(unit => new ChosenForSteering(unit.Place, unit.Unit))];
    }

    /// <summary>The best units of the runs that the file has probes of.</summary>
    private static ChosenForSteering[] OfProbe(string file, EvalRun[] runs)
    {
        ProbeReport report = ProbeFile.Read(file);
        ProbedRun?[] probed = [.. runs.Select(run => report.Runs.FirstOrDefault(r => Path.GetFullPath(r.Run) == Path.GetFullPath(run.Path)))];
        // A run's own file stays with it wherever the folder is moved to.
        if (runs.Length == 1 && report.Runs.Count == 1) probed = [report.Runs[0]];
        if (Array.TrueForAll(probed, one => one is null))
            throw new MxdInputException($"{file} has no probes of {string.Join(" or ", runs.Select(run => run.Path))}; it has {string.Join(", ", report.Runs.Select(r => r.Run))}: name the run's own.");
        return [.. runs.SelectMany((run, place) => probed[place] is { } one ? OfProbe(file, run, place, one) : [])];
    }

    /// <summary>The best unit of each class; one that is best of several is steered once, for all of them.</summary>
    private static IEnumerable<ChosenForSteering> OfProbe(string file, EvalRun run, int place, ProbedRun probed)
    {
        if (probed.Type != run.Saved.Layer.Type || probed.Units != run.Saved.Layer.Units)
            throw new MxdInputException($"{file} is of a layer of type '{probed.Type}' with {probed.Units} units, and {run.Path} is '{run.Saved.Layer.Type}' with {run.Saved.Layer.Units}: name the run's own.");
        if (probed.TrainedTokens != run.Saved.Origin?.TrainedTokens)
            throw new MxdInputException($"{file} is of the layer after {probed.TrainedTokens?.ToString("n0", CultureInfo.InvariantCulture) ?? "an unknown number of"} tokens, and {run.Path} has been trained on {run.Saved.Origin?.TrainedTokens.ToString("n0", CultureInfo.InvariantCulture) ?? "an unknown number"}: probe it again.");
        if (probed.Classes.FirstOrDefault(c => c.BestUnit < 0 || c.BestUnit >= run.Saved.Layer.Units) is { } wrong)
            throw new MxdInputException($"{file} names unit {wrong.BestUnit}, but the layer has {run.Saved.Layer.Units}: probe it again.");
        return probed.Classes.GroupBy(c => c.BestUnit).Select(g => new ChosenForSteering(
            place, g.Key, string.Join(", ", g.Select(c => FormattableString.Invariant($"best of '{c.Label}', F1 {c.F1:f2}")))));
    }
}
