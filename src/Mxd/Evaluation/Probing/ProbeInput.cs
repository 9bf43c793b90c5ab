using Mxd.Corpora;
using Mxd.LanguageModels;
using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Evaluation.Probing;

/// <summary>Everything that probing reads, checked before work starts.</summary>
public sealed class ProbeInput : IDisposable
{
    private ProbeInput(IReadOnlyList<EvalRun> runs, ModelFile model, ProbeTexts texts, string dataHash, IReadOnlyList<string> notes)
    {
        (Runs, Model, Texts, DataHash, Notes) = (runs, model, texts, dataHash, notes);
    }

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
            foreach (TextClass left in texts.Classes.Where(c => c.LeftOut is not null)) notes.Add($"Note: the class '{left.Label}' has no probe of its own: {left.LeftOut}.");
            return new ProbeInput(runs, model, texts, CorpusFingerprint.Compute(options.Data, cancellation: cancellation).Hash, notes);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    public void Dispose() => Model.Dispose();

    private static EvalRun Probed(string path, ProbeOptions options)
    {
        new RunFolder(path).RequireLayer();
        EvalRun run = EvalRun.Read(path);
        if (run.Saved.Layer.Units == 0) throw new MxdInputException($"{path} is of type '{run.Saved.Layer.Type}', which has no units to probe: leave it out.");
        if (options.Model is null && run.Saved.Model is null) throw new MxdInputException($"{path} was imported and knows no language model: name the model by --model.");
        return run;
    }
}
