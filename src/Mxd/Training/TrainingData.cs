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
    /// <param name="options">Of the run.</param>
    /// <param name="tokenizer">The language model's.</param>
    /// <param name="contexts">Contexts the run began with, of a text of the hub; null for a new run. A run that is made longer goes over the same
    /// ones again: with others, the order in which it visits them would be another.</param>
    /// <param name="observer">Hears of progress and of rows passed over.</param>
    /// <param name="cancellation">Ends it between two documents.</param>
    /// <exception cref="MxdInputException">A file is missing, unreadable or too short.</exception>
    public static TrainingData Load(
        TrainOptions options, ITokenizer tokenizer, long? contexts, IRunObserver observer, CancellationToken cancellation = default)
    {
        bool split = options.Validation.Count == 0;
        BadRows? bad = options.SkipBad ? new BadRows() : null, badHeldOut = options.SkipBad ? new BadRows() : null;
        var downloads = new ObservedDownloads(observer);
        PackingOptions packing = Packed(options, bad, downloads) with
        {
            // The hub's data sets are larger than disks: hardly more of one is fetched than the run goes through.
            MaximumContexts = options.Text.Any(TextFiles.IsOnHub) ? contexts ?? Math.Max(1, options.Contexts) : long.MaxValue,
        };
        var heldOut = new HeldOutSplit(options.HeldOut);
        observer.Begin("Tokenising", 0, "documents");
        PackedContexts text = Packing.Pack(
            options.Text, tokenizer, split ? packing with { LeaveOut = heldOut.IsHeldOut } : packing, new Told(observer), cancellation);
        PackedContexts validation = PackHeldOut(options, tokenizer, badHeldOut, downloads, cancellation);
        if (bad?.Describe() is { } skipped) observer.Note($"Text    {skipped}");
        // Documents held out of the text itself have had their rows counted with it.
        if (!split && badHeldOut?.Describe() is { } skippedHeldOut) observer.Note($"Held    {skippedHeldOut}");
        var description = new DataDescription(
            CorpusFingerprint.Compute(options.Text, cancellation: cancellation).Hash,
            text.Count,
            validation.Count,
            split ? null : CorpusFingerprint.Compute(options.Validation, cancellation: cancellation).Hash,
            (bad?.Count ?? 0) + (split ? 0 : badHeldOut?.Count ?? 0));
        return new TrainingData(text, validation, description);
    }

    /// <summary>At most <paramref name="contexts"/> of the contexts a run holds out.</summary>
    /// <exception cref="TextTooShortException">It holds out less than one.</exception>
    public static PackedContexts HeldOutOf(
        TrainOptions options, ITokenizer tokenizer, long contexts, BadRows? bad = null, IHubProgress? downloads = null, CancellationToken cancellation = default)
    {
        PackingOptions packing = Packed(options, bad, downloads) with { MaximumContexts = contexts };
        var split = new HeldOutSplit(options.HeldOut);
        return options.Validation.Count > 0
            ? Packing.Pack(options.Validation, tokenizer, packing, cancellation: cancellation)
            : Packing.Pack(options.Text, tokenizer, packing with { LeaveOut = document => !split.IsHeldOut(document) }, cancellation: cancellation);
    }

    /// <summary>The files that held-out text of a run comes from.</summary>
    public static IReadOnlyList<string> HeldOutFiles(TrainOptions options) => options.Validation.Count > 0 ? options.Validation : options.Text;

    private static PackedContexts PackHeldOut(TrainOptions options, ITokenizer tokenizer, BadRows? bad, IHubProgress downloads, CancellationToken cancellation)
    {
        try
        {
            return HeldOutOf(options, tokenizer, options.ValidationContexts, bad, downloads, cancellation);
        }
        catch (TextTooShortException e) when (options.Validation.Count == 0)
        {
            throw new MxdInputException(
                $"--held-out is {options.HeldOut}, but that share of the documents of --text is less than one context of {options.Context} tokens: name other text by --validation, or raise --held-out.", e);
        }
    }

    private static PackingOptions Packed(TrainOptions options, BadRows? bad, IHubProgress? downloads) =>
        new() { ContextLength = options.Context, TextField = options.TextField, BadRows = bad, Downloads = downloads };

    private sealed class Told(IRunObserver observer) : IProgress<long>
    {
        public void Report(long value) => observer.Advance(value);
    }
}
