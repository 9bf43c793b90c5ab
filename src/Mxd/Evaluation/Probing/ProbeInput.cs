using Mxd.Corpora;
using Mxd.Formats;
using Mxd.LanguageModels;
using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Evaluation.Probing;

/// <summary>Everything that probing reads, checked before work starts.</summary>
public sealed class ProbeInput : IDisposable
{
    /// <summary>Classes without a probe that a note names.</summary>
    private const int ShownClasses = 5;

    /// <summary>Of fewer texts to measure on, a person is told.</summary>
    private const int FewTexts = 100;

    private ProbeInput(ProbeOptions options, IReadOnlyList<EvalRun> runs, ModelFile model, ProbeTexts texts, string dataHash, IReadOnlyList<string> notes)
    {
        (Options, Runs, Model, Texts, DataHash, Notes) = (options, runs, model, texts, dataHash, notes);
    }

    /// <summary>What was asked for, data sets of the hub by the commit they are at.</summary>
    public ProbeOptions Options { get; }

    public IReadOnlyList<EvalRun> Runs { get; }

    public ModelFile Model { get; }

    public ProbeTexts Texts { get; }

    /// <summary>Of the labelled files.</summary>
    public string DataHash { get; }

    /// <summary>What a person should know besides the numbers.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>Checks everything, opens the model, and tokenises the texts.</summary>
    /// <exception cref="MxdInputException">Everything that is wrong, a line each.</exception>
    public static ProbeInput Open(ProbeOptions options, IRunObserver observer, CancellationToken cancellation)
    {
        var downloads = new ObservedDownloads(observer);
        var problems = new ProblemList();
        foreach (string problem in options.Problems()) problems.Add(problem);
        problems.Collect(() => { Devices.Parse(options.Device); });
        problems.Collect(() => TextFiles.Check(options.Data, options.TextField, options.SkipBad, downloads, options.Label, cancellation));
        List<EvalRun> runs = [];
        foreach (string path in options.Run) problems.Collect(() => runs.Add(Probed(path, options)));
        if (options.InPlace)
            foreach (IGrouping<string, EvalRun> same in runs.GroupBy(run => run.Saved.Output!).Where(same => same.Count() > 1))
                problems.Add($"--in-place puts all layers in place at once, but {string.Join(" and ", same.Select(run => run.Path))} are at {same.Key}: name one of them, or leave it out.");
        if (options.Out is { } figures && new RunFolder(figures).WhyNotWritable() is { } obstacle) problems.Add(obstacle);
        problems.ThrowIfAny();
        options = options with { Data = TextFiles.Pin(options.Data, downloads, cancellation) };
        ModelFile model = ModelFile.Open(options.Model ?? runs[0].FindModel(), downloads, cancellation);
        try
        {
            model.CheckWeights();
            model.CheckContext(options.Context);
            List<string> notes = [.. runs.SelectMany(run => run.Notes(model.Identity, options.AllowOtherWeights)).Distinct()];
            var bad = options.SkipBad ? new BadRows() : null;
            var texts = ProbeTexts.From(options, model.Tokenizer, bad, downloads, cancellation);
            if (bad?.Describe() is { } skipped) notes.Add($"Note: {skipped}");
            if (texts.TooShort > 0) notes.Add($"Note: {texts.TooShort:n0} texts of fewer than {options.LeastTokens} tokens were passed over.");
            notes.AddRange(NotesOf(texts, runs, options));
            RequireMemory(texts, runs, options);
            return new ProbeInput(options, runs, model, texts, CorpusFingerprint.Compute(options.Data, cancellation: cancellation).Hash, notes);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    public void Dispose() => Model.Dispose();

    private static IEnumerable<string> NotesOf(ProbeTexts texts, List<EvalRun> runs, ProbeOptions options)
    {
        int tested = texts.Tokens.Count - texts.Train;
        if (tested < FewTexts) yield return $"Note: there are only {tested} texts to measure on, so that scores are coarse and chance is high: compare with the untrained layers.";
        TextClass[] left = [.. texts.Classes.Where(c => c.LeftOut is not null)];
        foreach (TextClass one in left.Take(ShownClasses)) yield return $"Note: the class {Shown.Name(one.Label)} has no probe of its own: {one.LeftOut}.";
        if (left.Length > ShownClasses) yield return $"Note: nor have {left.Length - ShownClasses:n0} other classes; --json says why.";
        foreach (EvalRun run in runs.Where(run => options.Sizes.Any(size => size > run.Saved.Layer.Units)))
            yield return $"Note: {run.Path} has {run.Saved.Layer.Units} units, so the probes of more in --sizes are left out.";
    }

    /// <summary>Each active unit of a text takes a number and its value: K a token at most, and no more than there are.</summary>
    private static void RequireMemory(ProbeTexts texts, List<EvalRun> runs, ProbeOptions options)
    {
        double needed = 0;
        foreach (EvalRun run in runs)
        {
            long active = run.Saved.Layer.Sparsity?.Active ?? run.Saved.Layer.Units;
            double units = texts.Tokens.Sum(tokens => (double)Math.Min(run.Saved.Layer.Units, active * tokens.Length));
            needed += (1 + options.Untrained) * (RunGroups.WeightBytes(run) + units * (sizeof(int) + sizeof(float)) + (double)texts.Tokens.Count * run.Saved.Layer.OutputWidth * sizeof(float));
        }
        long free = SystemMemory.Read().Available;
        if (needed > free)
            throw new MxdInputException($"{runs.Count} runs with {options.Untrained} untrained layers each, and what they make of {texts.Tokens.Count:n0} texts, may take {ByteSize.Format((long)needed)}, and {ByteSize.Format(free)} are free: give fewer --texts, fewer runs at once, or --untrained 0.");
    }

    private static EvalRun Probed(string path, ProbeOptions options)
    {
        new RunFolder(path).RequireLayer();
        if (new RunFolder(path).WhyNotWritable() is { } obstacle) throw new MxdInputException(obstacle);
        var run = EvalRun.Read(path);
        if (run.Saved.Layer.Units == 0) throw new MxdInputException($"{path} is of type '{run.Saved.Layer.Type}', which has no units to probe: leave it out.");
        if (options.Model is null && run.Saved.Model is null) throw new MxdInputException($"{path} was imported and knows no language model: name the model by --model.");
        return run;
    }
}
