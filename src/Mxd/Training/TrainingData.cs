using Mxd.Activations;
using Mxd.Corpora;
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
        var packing = new PackingOptions { ContextLength = options.Context };
        var heldOut = new HeldOutSplit(options.HeldOut);
        observer.Begin("Tokenising", 0, "documents");
        PackedContexts text = Packing.Pack(
            options.Text, tokenizer, split ? packing with { LeaveOut = heldOut.IsHeldOut } : packing, new Told(observer), cancellation);
        PackedContexts validation = split ? SplitOff(options, tokenizer) : HeldOutOf(options, tokenizer, options.ValidationContexts);
        var description = new DataDescription(
            CorpusFingerprint.Compute(options.Text, cancellation: cancellation).Hash,
            text.Count,
            validation.Count,
            split ? null : CorpusFingerprint.Compute(options.Validation, cancellation: cancellation).Hash);
        return new TrainingData(text, validation, description);
    }

    /// <summary>At most <paramref name="contexts"/> of the contexts a run holds out.</summary>
    public static PackedContexts HeldOutOf(TrainOptions options, ITokenizer tokenizer, long contexts)
    {
        var packing = new PackingOptions { ContextLength = options.Context, MaximumContexts = contexts };
        var split = new HeldOutSplit(options.HeldOut);
        return options.Validation.Count > 0
            ? Packing.Pack(options.Validation, tokenizer, packing)
            : Packing.Pack(options.Text, tokenizer, packing with { LeaveOut = document => !split.IsHeldOut(document) });
    }

    /// <summary>The text could be read, so what can fail here is that too little of it is held out.</summary>
    private static PackedContexts SplitOff(TrainOptions options, ITokenizer tokenizer)
    {
        try
        {
            return HeldOutOf(options, tokenizer, options.ValidationContexts);
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
