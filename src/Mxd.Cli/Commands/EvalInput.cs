using Mxd.Activations;
using Mxd.Corpora;
using Mxd.Evaluation;
using Mxd.Interchange;
using Mxd.LanguageModels;
using Mxd.Runtime;
using Mxd.Training;
using static TorchSharp.torch;

namespace Mxd.Cli.Commands;

/// <summary>A run to evaluate, its header read and checked.</summary>
internal sealed record EvalRun(RunFolder Folder, RunDescription Description, LayerOrigin Origin)
{
    public TrainOptions Options => Description.Options;

    public Replacement Load(Device device) => new(
        NativeLayer.Load(Folder.LayerFile, device).Layer, HookPoint.Parse(Origin.Input), HookPoint.Parse(Origin.Output));
}

/// <summary>Everything an evaluation reads, checked before work starts.</summary>
internal sealed class EvalInput : IDisposable
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

    public IReadOnlyList<string> Notes { get; }

    /// <summary>The files the text comes from.</summary>
    public required IReadOnlyList<string> TextFiles { get; init; }

    public static EvalInput Open(EvalOptions options)
    {
        Check(options);
        List<EvalRun> runs = [.. options.Run.Select(Read)];
        TrainOptions first = runs[0].Options;
        CheckTogether(options, runs);
        ModelFile model = ModelFile.Open(FindModel(options, runs[0]));
        try
        {
            model.CheckWeights();
            List<string> notes = [.. runs.Select(r => r.Origin.Check(model.Identity, options.AllowOtherWeights)).OfType<string>().Distinct()];
            foreach (EvalRun run in runs.Where(r => r.Origin.TrainedTokens < r.Options.Steps * r.Options.Batch))
                notes.Add($"Note: {run.Folder.Path} has trained on {run.Origin.TrainedTokens:n0} of its {run.Options.Steps * run.Options.Batch:n0} tokens.");
            TrainOptions source = options.Text.Count > 0 ? first with { Validation = options.Text } : first;
            PackedContexts text = TrainingData.HeldOutOf(source, model.Tokenizer, options.Contexts);
            if (text.Count < options.Contexts) notes.Add($"Note: the held-out text has {text.Count} contexts, fewer than the {options.Contexts} of --contexts.");
            return new EvalInput(runs, model, text, notes) { TextFiles = HeldOutFiles(source) };
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    public void Dispose() => Model.Dispose();

    private static EvalRun Read(string path)
    {
        var folder = new RunFolder(path);
        RunDescription description = folder.ReadDescription();
        SavedLayer saved = NativeLayer.ReadHeader(folder.LayerFile);
        if (saved.Layer != description.Layer || Placed(saved.Origin) != Placed(description.Origin))
            throw new MxdInputException($"{folder.LayerFile} is not the layer that {folder.DescriptionFile} describes: put back the file that belongs to the run.");
        return new EvalRun(folder, description, saved.Origin);
    }

    /// <summary>An origin without what may differ between a run's files: how far it got, and where the model lay.</summary>
    private static LayerOrigin Placed(LayerOrigin origin) => origin with { TrainedTokens = 0, Model = origin.Model with { Id = "" } };

    /// <summary>What several runs must share to be measured on the same contexts.</summary>
    private static void CheckTogether(EvalOptions options, List<EvalRun> runs)
    {
        (string firstPath, TrainOptions first) = (runs[0].Folder.Path, runs[0].Options);
        var problems = new ProblemList();
        foreach (EvalRun run in runs)
        {
            string path = run.Folder.Path;
            if (run.Options.Context != first.Context)
                problems.Add($"{path} was trained on contexts of {run.Options.Context} tokens, {firstPath} on {first.Context}: evaluate them one at a time.");
            else if (options.SkipFirst > run.Options.Context - 2)
                problems.Add($"--skip-first is {options.SkipFirst}, but the contexts of {path} have {run.Options.Context - 1} predictions: leave out at most {run.Options.Context - 2}.");
            else if (options.Text.Count == 0 && !HoldsOutTheSame(run.Options, first))
                problems.Add($"{path} and {firstPath} held out different text: name the text to evaluate both on by --text.");
        }
        if (options.Text.Count == 0)
            foreach (string file in HeldOutFiles(first).Where(file => !File.Exists(file)))
                problems.Add($"{file}, the text that {firstPath} held out, does not exist any more: name held-out text by --text.");
        problems.ThrowIfAny();
        DataDescription data = runs[0].Description.Data;
        if (options.Text.Count == 0 && CorpusFingerprint.Compute(HeldOutFiles(first)).Hash != (data.Validation ?? data.Text))
            throw new MxdInputException($"The text that {firstPath} held out has changed since (its hash differs): put it back, or name held-out text by --text.");
    }

    private static IReadOnlyList<string> HeldOutFiles(TrainOptions options) => options.Validation.Count > 0 ? options.Validation : options.Text;

    private static bool HoldsOutTheSame(TrainOptions a, TrainOptions b) =>
        HeldOutFiles(a).SequenceEqual(HeldOutFiles(b)) && a.Validation.Count == b.Validation.Count && (a.Validation.Count > 0 || a.HeldOut == b.HeldOut);

    private static string FindModel(EvalOptions options, EvalRun run)
    {
        if (options.Model is { } named) return named;
        string trained = run.Origin.Model.Id;
        return File.Exists(trained)
            ? trained
            : throw new MxdInputException($"{trained}, the model that {run.Folder.Path} was trained on, does not exist any more: name it by --model.");
    }

    private static void Check(EvalOptions options)
    {
        var problems = new ProblemList();
        problems.AddIf(options.Contexts < 1, $"--contexts is {options.Contexts}; it must be at least 1.");
        problems.AddIf(options.SkipFirst < 0, $"--skip-first is {options.SkipFirst}; it must be at least 0.");
        problems.AddIf(options.ModelDtype is not ("float32" or "bfloat16"), $"--model-dtype is '{options.ModelDtype}'; choose float32 or bfloat16.");
        problems.AddIf(options.Run.Distinct().Count() < options.Run.Count, "--run names the same folder twice: name each once.");
        problems.Collect(() => { Devices.Parse(options.Device); });
        if (options.Text.Count > 0) problems.Collect(() => Corpora.TextFiles.Check(options.Text));
        foreach (string run in options.Run) problems.Collect(() => new RunFolder(run).RequireLayer());
        problems.ThrowIfAny();
    }
}
