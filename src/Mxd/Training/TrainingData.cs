using Mxd.Activations;
using Mxd.Corpora;
using Mxd.Hub;
using Mxd.Runtime;
using Mxd.Tokenizers;

namespace Mxd.Training;

/// <summary>
/// A run's text as contexts: what it trains on, and what it is measured on. The second comes from other files, or from documents held out
/// of the same files.
/// </summary>
public sealed record TrainingData(PackedContexts Text, PackedContexts HeldOut, DataDescription Description)
{
    /// <exception cref="MxdInputException">A file is missing, unreadable or too short.</exception>
    public static TrainingData Load(TrainOptions options, ITokenizer tokenizer, IRunObserver observer, CancellationToken cancellation = default)
    {
        bool split = options.Validation.Count == 0;
        var bad = options.SkipBad ? new BadRows() : null;
        var packing = new PackingOptions
        {
            ContextLength = options.Context,
            TextField = options.TextField,
            BadRows = bad,
            Downloads = new ObservedDownloads(observer),
            // The hub's data sets are larger than disks: no more of one is fetched than the run goes through.
            MaximumContexts = options.Text.Any(TextFiles.IsOnHub) ? Math.Max(1, options.Contexts) : long.MaxValue,
        };
        var heldOut = new HeldOutSplit(options.HeldOut);
        observer.Begin("Tokenising", 0, "documents");
        PackedContexts text = Packing.Pack(
            options.Text, tokenizer, split ? packing with { LeaveOut = heldOut.IsHeldOut } : packing, new Told(observer), cancellation);
        PackedContexts validation = split ? SplitOff(options, tokenizer, packing, cancellation) : HeldOutOf(options, tokenizer, options.ValidationContexts, packing.Downloads, cancellation);
        if (bad?.Describe() is { } skipped) observer.Note($"Text    {skipped}");
        var description = new DataDescription(
            CorpusFingerprint.Compute(options.Text, cancellation: cancellation).Hash,
            text.Count,
            validation.Count,
            split ? null : CorpusFingerprint.Compute(options.Validation, cancellation: cancellation).Hash,
            bad?.Count ?? 0);
        return new TrainingData(text, validation, description);
    }

    /// <summary>At most <paramref name="contexts"/> of the contexts a run holds out.</summary>
    public static PackedContexts HeldOutOf(
        TrainOptions options, ITokenizer tokenizer, long contexts, IHubProgress? downloads = null, CancellationToken cancellation = default)
    {
        var packing = new PackingOptions
        {
            ContextLength = options.Context,
            MaximumContexts = contexts,
            TextField = options.TextField,
            // Counted where the whole text is read.
            BadRows = options.SkipBad ? new BadRows() : null,
            Downloads = downloads,
        };
        var split = new HeldOutSplit(options.HeldOut);
        return options.Validation.Count > 0
            ? Packing.Pack(options.Validation, tokenizer, packing, cancellation: cancellation)
            : Packing.Pack(options.Text, tokenizer, packing with { LeaveOut = document => !split.IsHeldOut(document) }, cancellation: cancellation);
    }

    /// <summary>The text could be read, so what can fail here is that too little of it is held out.</summary>
    private static PackedContexts SplitOff(TrainOptions options, ITokenizer tokenizer, PackingOptions packing, CancellationToken cancellation)
    {
        try
        {
            return HeldOutOf(options, tokenizer, options.ValidationContexts, packing.Downloads, cancellation);
        }
        catch (MxdInputException e)
        {
            throw new MxdInputException(
                $"--held-out is {options.HeldOut}, but that share of the documents of --text is less than one context of {options.Context} tokens: name other text by --validation, or raise --held-out.", e);
        }
    }

    private sealed class Told(IRunObserver observer) : IProgress<long>
    {
        public void Report(long value) => observer.Advance(value);
    }
}
