using Mxd.Activations;
using Mxd.Corpora;
using Mxd.Hub;
using Mxd.LanguageModels;
using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Evaluation;

/// <summary>Everything an evaluation reads, checked before work starts.</summary>
public sealed class EvalInput : IDisposable
{
    private EvalInput(IReadOnlyList<EvalRun> runs, ModelFile model, PackedContexts text, IReadOnlyList<string> notes)
    {
        Runs = runs;
        Model = model;
        Text = text;
        Notes = notes;
    }

    public IReadOnlyList<EvalRun> Runs { get; }

    public ModelFile Model { get; }

    public PackedContexts Text { get; }

    /// <summary>What a person should know besides the numbers.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>The files the text comes from.</summary>
    public required IReadOnlyList<string> TextFiles { get; init; }

    /// <summary>Checks everything, and opens what is read.</summary>
    /// <exception cref="MxdInputException">Everything that is wrong, a line each.</exception>
    public static EvalInput Open(EvalOptions options, IRunObserver observer, CancellationToken cancellation)
    {
        var downloads = new ObservedDownloads(observer);
        Check(options, downloads, cancellation);
        List<EvalRun> runs = [.. options.Run.Select(EvalRun.Read)];
        CheckTogether(options, runs);
        string? noSequence = LayerSequence.WhyNone(runs);
        if (options.Out is not null && LayerSequence.Of(runs).Count == 0)
            throw new MxdInputException($"--out is for the figure of cross-entropy against the number of layers replaced, but {noSequence ?? "there are no runs at different layers"}: leave it out, or name such runs.");
        ModelFile model = ModelFile.Open(options.Model ?? runs[0].FindModel(), downloads, cancellation);
        try
        {
            model.CheckWeights();
            if (runs.Exists(r => r.Description is null) || options.Context is not null) model.CheckContext(Context(options, runs[0]));
            List<string> notes = [.. runs.SelectMany(r => r.Notes(model.Identity, options.AllowOtherWeights)).Distinct()];
            if (noSequence is not null) notes.Add($"Note: the runs are at several layers, but {noSequence}, so that none are put in place together.");
            IReadOnlyList<string> files = options.Text.Count > 0 ? options.Text : TrainingData.HeldOutFiles(runs[0].Description!.Options);
            PackedContexts text = Pack(options with { Text = Corpora.TextFiles.Pin(options.Text, downloads, cancellation) }, runs[0], model, notes, downloads, cancellation);
            if (text.Count < options.Contexts) notes.Add($"Note: the held-out text has {text.Count} contexts, fewer than the {options.Contexts} of --contexts.");
            return new EvalInput(runs, model, text, notes) { TextFiles = files };
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    public void Dispose() => Model.Dispose();

    private static PackedContexts Pack(
        EvalOptions options, EvalRun first, ModelFile model, List<string> notes, IHubProgress downloads, CancellationToken cancellation)
    {
        int context = Context(options, first);
        if (options.Text.Count == 0)
        {
            TrainOptions own = first.Description!.Options with { Context = context };
            // Their rows were counted when the run read them.
            return TrainingData.HeldOutOf(own, model.Tokenizer, options.Contexts, own.SkipBad ? new BadRows() : null, downloads, cancellation);
        }
        var bad = options.SkipBad ? new BadRows() : null;
        var packing = new PackingOptions
        {
            ContextLength = context,
            MaximumContexts = options.Contexts,
            TextField = options.TextField,
            BadRows = bad,
            Downloads = downloads,
        };
        PackedContexts text = Packing.Pack(options.Text, model.Tokenizer, packing, cancellation: cancellation);
        if (bad?.Describe() is { } skipped) notes.Add($"Note: {skipped}");
        return text;
    }

    /// <summary>Tokens a context.</summary>
    private static int Context(EvalOptions options, EvalRun run) =>
        options.Context ?? run.Description?.Options.Context ?? run.Saved.ContextLength ?? EvalOptions.DefaultContext;

    /// <summary>What several runs must share to be measured on the same contexts, and what imported ones need.</summary>
    private static void CheckTogether(EvalOptions options, List<EvalRun> runs)
    {
        EvalRun first = runs[0];
        int context = Context(options, first);
        var problems = new ProblemList();
        foreach (EvalRun run in runs)
        {
            int own = Context(options, run);
            if (own != context)
                problems.Add($"{run.Path} was trained on contexts of {own} tokens, {first.Path} on {context}: evaluate them one at a time.");
            else if (options.SkipFirst > own - 2)
                problems.Add($"--skip-first is {options.SkipFirst}, but the contexts of {run.Path} have {own - 1} predictions: leave out at most {own - 2}.");
            else if (options.Text.Count == 0 && !HoldsOutTheSame(run, first))
                problems.Add($"{run.Path} and {first.Path} held out different text: name the text to evaluate both on by --text.");
            if (options.Model is null && run.Saved.Model is null)
                problems.Add($"{run.Path} was imported and knows no language model{Named(run)}: name the model by --model.");
            if (options.Text.Count == 0 && run.Description is null)
                problems.Add($"{run.Path} was not trained here and held out no text: name held-out text by --text.");
        }
        problems.ThrowIfAny();
        if (options.Text.Count == 0) CheckHeldOut(runs, problems);
        problems.ThrowIfAny();
    }

    /// <summary>Is what the runs held out, of the same files, still what each of them read?</summary>
    private static void CheckHeldOut(List<EvalRun> runs, ProblemList problems)
    {
        IReadOnlyList<string> files = TrainingData.HeldOutFiles(runs[0].Description!.Options);
        foreach (string file in files.Where(file => !Corpora.TextFiles.IsThere(file)))
            problems.Add($"{file}, the text that {runs[0].Path} held out, does not exist any more: name held-out text by --text.");
        problems.ThrowIfAny();
        string hash = CorpusFingerprint.Compute(files).Hash;
        foreach (EvalRun run in runs.Where(run => run.Description!.Data is var data && (data.Validation ?? data.Text) != hash))
            problems.Add($"The text that {run.Path} held out has changed since (its hash differs): put it back, or name held-out text by --text.");
    }

    private static string Named(EvalRun run) => run.Saved.Imported?.ModelName is { } name ? $" but the name '{name}'" : "";

    /// <summary>Imported layers hold nothing out, which is a problem of its own.</summary>
    private static bool HoldsOutTheSame(EvalRun run, EvalRun other)
    {
        if (run.Description is not { Options: var a } || other.Description is not { Options: var b }) return true;
        return TrainingData.HeldOutFiles(a).SequenceEqual(TrainingData.HeldOutFiles(b)) && (a.TextField, a.SkipBad) == (b.TextField, b.SkipBad) && a.Validation.Count == b.Validation.Count && (a.Validation.Count > 0 || a.HeldOut == b.HeldOut);
    }

    private static void Check(EvalOptions options, IHubProgress downloads, CancellationToken cancellation)
    {
        var problems = new ProblemList();
        problems.AddIf(options.Contexts < 1, $"--contexts is {options.Contexts}; it must be at least 1.");
        problems.AddIf(options.Context < 2, $"--context is {options.Context}; it must be at least 2.");
        problems.AddIf(options.SkipFirst < 0, $"--skip-first is {options.SkipFirst}; it must be at least 0.");
        problems.AddIf(options.ModelDtype is not ("float32" or "bfloat16"), $"--model-dtype is '{options.ModelDtype}'; choose float32 or bfloat16.");
        problems.AddIf(options.Run.Distinct().Count() < options.Run.Count, "--run names the same folder twice: name each once.");
        problems.Collect(() => { Devices.Parse(options.Device); });
        if (options.Out is { } figures && new RunFolder(figures).WhyNotWritable() is { } obstacle) problems.Add(obstacle);
        if (options.Text.Count > 0) problems.Collect(() => Corpora.TextFiles.Check(options.Text, options.TextField, options.SkipBad, downloads, cancellation: cancellation));
        foreach (string run in options.Run) problems.Collect(() => new RunFolder(run).RequireLayer());
        problems.ThrowIfAny();
    }
}
