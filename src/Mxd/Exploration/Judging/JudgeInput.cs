using Mxd.Activations;
using Mxd.Corpora;
using Mxd.Evaluation;
using Mxd.LanguageModels;
using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Exploration.Judging;

/// <summary>Everything that judging reads, checked before work starts.</summary>
public sealed class JudgeInput : IDisposable
{
    private JudgeInput(JudgeOptions options, IReadOnlyList<JudgedFile> files, ModelFile model, PackedContexts text, int before, int piece)
    {
        (Options, Files, Model, Text, Before, Piece) = (options, files, model, text, before, piece);
    }

    public JudgeOptions Options { get; }

    public IReadOnlyList<JudgedFile> Files { get; }

    public ModelFile Model { get; }

    /// <summary>Held-out text, of contexts of <see cref="Before"/> + 2 <see cref="Piece"/> tokens.</summary>
    public PackedContexts Text { get; }

    /// <summary>Tokens of a piece of it: the median of the samples'.</summary>
    public int Piece { get; }

    /// <summary>Tokens before a sample and before a piece: the longest prompt's, with the first token.</summary>
    public int Before { get; }

    /// <summary>Checks everything, opens the model, and reads the text.</summary>
    /// <param name="paths">Files of samples.</param>
    /// <param name="options">How to judge.</param>
    /// <param name="observer">Hears of downloads.</param>
    /// <param name="cancellation">Stops reading.</param>
    /// <exception cref="MxdInputException">Everything that is wrong, a line each.</exception>
    public static JudgeInput Open(IReadOnlyList<string> paths, JudgeOptions options, IRunObserver observer, CancellationToken cancellation)
    {
        var downloads = new ObservedDownloads(observer);
        var problems = new ProblemList();
        foreach (string problem in options.Problems()) problems.Add(problem);
        problems.Collect(() => { Devices.Parse(options.Device); });
        if (options.Text.Count > 0) problems.Collect(() => TextFiles.Check(options.Text, options.TextField, progress: downloads, cancellation: cancellation));
        if (options.Out is { } figures && new RunFolder(figures).WhyNotWritable() is { } obstacle) problems.Add(obstacle);
        List<JudgedFile> files = [];
        foreach (string path in paths) problems.Collect(() => files.Add(JudgedFile.Read(path)));
        problems.ThrowIfAny();
        EvalRun? run = files.Select(file => file.Run).OfType<string>().FirstOrDefault(folder => File.Exists(new RunFolder(folder).LayerFile)) is { } found ? EvalRun.Read(found) : null;
        if (options.Model is null && run is null) problems.Add($"{paths[0]} names no run that is there, so the language model is not known: name it by --model.");
        if (options.Text.Count == 0 && run?.Description is null) problems.Add($"{paths[0]} names no run that is there and held out text: name some by --text.");
        problems.ThrowIfAny();
        ModelFile model = ModelFile.Open(options.Model ?? run!.FindModel(), downloads, cancellation);
        try
        {
            model.CheckWeights();
            int[] lengths = [.. files.SelectMany(file => file.Sets.SelectMany(set => set.Samples)).Select(sample => model.Tokenizer.Encode(sample).Length).Where(length => length > 0).Order()];
            if (lengths.Length == 0) throw new MxdInputException($"{paths[0]} has only empty samples: there is nothing to judge.");
            int before = files.Max(file => 1 + model.Tokenizer.Encode(file.Prompt).Length), piece = Math.Max(2, lengths[lengths.Length / 2]), context = before + 2 * piece;
            model.CheckContext(context);
            return new JudgeInput(options, files, model, Pack(options, run, model, context, downloads, cancellation), before, piece);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    public void Dispose() => Model.Dispose();

    private static PackedContexts Pack(JudgeOptions options, EvalRun? run, ModelFile model, int context, ObservedDownloads downloads, CancellationToken cancellation)
    {
        if (options.Text.Count == 0)
        {
            TrainOptions own = run!.Description!.Options with { Context = context };
            return TrainingData.HeldOutOf(own, model.Tokenizer, options.Contexts, own.SkipBad ? new BadRows() : null, downloads, cancellation);
        }
        var packing = new PackingOptions { ContextLength = context, MaximumContexts = options.Contexts, TextField = options.TextField, Downloads = downloads };
        return Packing.Pack(options.Text, model.Tokenizer, packing, cancellation: cancellation);
    }
}
