using Mxd.Corpora;
using Mxd.Evaluation;
using Mxd.Exploration.Naming;
using Mxd.Exploration.Units;
using Mxd.LanguageModels;
using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Exploration;

/// <summary>Everything that looking at layers or units reads, checked before work starts.</summary>
public sealed class InspectInput : IDisposable
{
    private readonly ModelFile? alone;

    private InspectInput(InspectOptions options, IReadOnlyList<EvalRun> runs, EvalInput? text, ModelFile? alone)
    {
        (Options, Runs, Text, this.alone) = (options, runs, text, alone);
    }

    public InspectOptions Options { get; }

    public IReadOnlyList<EvalRun> Runs { get; }

    /// <summary>The run in which matches are looked for; null where none is named.</summary>
    public EvalRun? Other { get; private init; }

    /// <summary>Text and language model; null where there is none at hand, or none is asked for.</summary>
    public EvalInput? Text { get; }

    /// <summary>The language model; null where a layer is looked at without text.</summary>
    public ModelFile? Model => Text?.Model ?? alone;

    /// <summary>Of each run, the units looked at; empty where it is the layer.</summary>
    public IReadOnlyList<IReadOnlyList<int>> Units { get; private init; } = [];

    /// <summary>Of each run, the names of its units that were given to the layer as it is now; empty where it is the layer that is looked at.</summary>
    internal IReadOnlyList<IReadOnlyDictionary<int, NamedUnit>> Names { get; private init; } = [];

    /// <summary>Checks everything, opens the model and reads the text.</summary>
    /// <exception cref="MxdInputException">Everything that is wrong, a line each.</exception>
    public static InspectInput Open(InspectOptions options, IRunObserver observer, CancellationToken cancellation)
    {
        var problems = new ProblemList();
        foreach (string problem in options.Problems()) problems.Add(problem);
        problems.Collect(() => { Devices.Parse(options.Device); });
        foreach (string run in options.Run) problems.Collect(new RunFolder(run).RequireLayer);
        if (options.Other is { } named) problems.Collect(new RunFolder(named).RequireLayer);
        if (options.Out is { } figures && new RunFolder(figures).WhyNotWritable() is { } obstacle) problems.Add(obstacle);
        if (options.Units.Count > 0) foreach (string run in options.Run) CheckPlace(new RunFolder(run), options.Replace, problems);
        problems.ThrowIfAny();
        EvalRun[] runs = [.. options.Run.Select(EvalRun.Read)];
        EvalRun? other = options.Other is { } path ? EvalRun.Read(path) : null;
        if (other is not null) CheckOther(other, runs[0], problems);
        List<IReadOnlyList<int>> units = [];
        if (options.IsOfUnits) foreach (EvalRun run in runs) problems.Collect(() => units.Add(Choose(options, run)));
        List<IReadOnlyDictionary<int, NamedUnit>> names = [];
        if (options.IsOfUnits) foreach (EvalRun run in runs) problems.Collect(() => names.Add(NamesOf(run)));
        if (WhyTooMuch(options, runs, units) is { } excess) problems.Add(excess);
        // A unit's page needs the model's tokens, text or not.
        string? place = options.IsOfUnits ? problems.Collect(() => options.Model ?? runs[0].FindModel()) : null;
        problems.ThrowIfAny();
        EvalInput? text = OpenText(options, runs, observer, cancellation);
        ModelFile? alone = null;
        try
        {
            if (text is null && place is not null) alone = OpenAlone(options, runs, place, observer, cancellation);
            if ((text?.Model ?? alone) is { } model && other is not null)
                foreach (string note in other.Notes(model.Identity, options.AllowOtherWeights)) observer.Note(note);
            if (options.IsOfUnits) _ = (text?.Model ?? alone)!.Tokenizer.Hash;
            return new InspectInput(options, runs, text, alone) { Units = units, Names = names, Other = other };
        }
        catch
        {
            text?.Dispose();
            alone?.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        Text?.Dispose();
        alone?.Dispose();
    }

    private static void CheckPlace(RunFolder run, bool mayReplace, ProblemList problems)
    {
        if (File.Exists(run.UnitsFolder)) problems.Add($"{run.UnitsFolder} is a file, where the reports belong: move it away.");
        else if (Directory.Exists(run.UnitsFolder) && !mayReplace) problems.Add($"{run.UnitsFolder} has reports already: give --replace to make them anew, or move them away.");
        else if (Directory.Exists(run.Path) && run.WhyNotWritable() is not null) problems.Add($"{run.Path} cannot be written to, and the reports belong there: free it, or copy the run.");
    }

    private static void CheckOther(EvalRun other, EvalRun run, ProblemList problems)
    {
        if (Path.GetFullPath(other.Path) == Path.GetFullPath(run.Path)) problems.Add($"--other is {other.Path}, the run itself: name one from another seed.");
        else if (Place(other) != Place(run)) problems.Add($"{other.Path} is no layer of the same type, widths and place as {run.Path}: name one that is, from another seed.");

        static (string, long, long, string?, string?) Place(EvalRun r) => (r.Saved.Layer.Type, r.Saved.Layer.InputWidth, r.Saved.Layer.OutputWidth, r.Saved.Input, r.Saved.Output);
    }

    private static IReadOnlyList<int> Choose(InspectOptions options, EvalRun run)
    {
        (long all, string option) = (run.Saved.Layer.Units, options.Unit is null ? "--units" : "--unit");
        if (all == 0) throw new MxdInputException($"{run.Path} is of type '{run.Saved.Layer.Type}', which has no units: leave {option} out.");
        if (options.Unit is not { } unit) return UnitRanges.Parse(options.Units, all);
        return unit >= 0 && unit < all ? [unit] : throw new MxdInputException($"--unit is {unit}, but the layer has {all} units: choose one from 0 to {all - 1}.");
    }

    /// <summary>What is kept of units grows with their number, whatever the text's length.</summary>
    private static string? WhyTooMuch(InspectOptions options, EvalRun[] runs, List<IReadOnlyList<int>> units)
    {
        if (units.Count < runs.Length || options.ContextsRead == 0) return null;
        long bytes = runs.Zip(units).Sum(pair => RunGroups.WeightBytes(pair.First) + UnitInspector.MostBytes(pair.First.Saved.Layer, pair.Second.Count)), free = SystemMemory.Read().Available;
        return bytes <= free
            ? null
            : $"The layers and what is kept of {units.Sum(some => some.Count):n0} units may take {ByteSize.Format(bytes)}, and {ByteSize.Format(free)} are free: name fewer units{(runs.Length > 1 ? " or runs" : "")} at a time.";
    }

    private static Dictionary<int, NamedUnit> NamesOf(EvalRun run) =>
        NamesFile.Find(run.Folder) is { } file && file.IsOf(run) ? file.Names.ToDictionary(name => name.Unit) : [];

    private static ModelFile OpenAlone(InspectOptions options, EvalRun[] runs, string place, IRunObserver observer, CancellationToken cancellation)
    {
        var model = ModelFile.Open(place, new ObservedDownloads(observer), cancellation);
        try
        {
            model.CheckWeights();
            foreach (string note in runs.SelectMany(run => run.Notes(model.Identity, options.AllowOtherWeights)).Distinct()) observer.Note(note);
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Where text and model are; null where they are not on this machine and nobody named them, which is said.</summary>
    private static EvalInput? OpenText(InspectOptions options, EvalRun[] runs, IRunObserver observer, CancellationToken cancellation)
    {
        if (options.ContextsRead == 0 || runs[0].Saved.Layer.Units == 0) return null;
        if (!options.NamesText && runs.Select(WhyNotAtHand).OfType<string>().FirstOrDefault() is { } reason)
        {
            observer.Note($"Note: what takes a text was left out. {reason}");
            return null;
        }
        observer.Begin("Reading the text", 0, "");
        var input = EvalInput.Open(options.ForUse, observer, cancellation);
        foreach (string note in input.Notes) observer.Note(note);
        return input;
    }

    /// <summary>Nothing is fetched from a hub because somebody looks at a layer.</summary>
    private static string? WhyNotAtHand(EvalRun run)
    {
        if (run.Saved.Model?.Id is not { } model) return $"{run.Path} was imported and knows no language model: name the model by --model, and text by --text.";
        if (ModelFile.IsOnHub(model)) return $"{model} is on the hub: name it by --model, to fetch it where it is not in the cache.";
        if (!ModelFile.Exists(model)) return $"{model}, the model that {run.Path} was trained on, does not exist any more: name it by --model.";
        if (run.Description is not { Options: var own }) return $"{run.Path} held out no text: name some by --text.";
        return TrainingData.HeldOutFiles(own).FirstOrDefault(file => TextFiles.IsOnHub(file) || !TextFiles.IsThere(file)) is { } text
            ? $"{text}, the text that {run.Path} held out, is not on this machine: name it, or other text, by --text."
            : null;
    }
}
