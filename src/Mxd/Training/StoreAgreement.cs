using Mxd.Activations;
using Mxd.Corpora;
using Mxd.Hub;
using Mxd.LanguageModels;
using Mxd.Runtime;

namespace Mxd.Training;

/// <summary>
/// Which options of a run activations on disk have decided: everything about the language model, the text and the order it was gone through. A run
/// that names them all the same must name what is there.
/// </summary>
public static class StoreAgreement
{
    /// <summary>
    /// Options as the store has them, for a person's own to be put over. <c>--model</c>, <c>--text</c> and <c>--validation</c> are left out: what is named
    /// there is compared by content.
    /// </summary>
    public static TrainOptions Adopt(TrainOptions start, ActivationStore store)
    {
        HarvestFacts harvest = store.Harvest;
        return start with
        {
            Activations = store.Folder,
            Layer = harvest.Layers.Count == 1 ? harvest.Layers[0] : start.Layer,
            TextField = harvest.Text.Field,
            SkipBad = harvest.Text.SkipBad,
            HeldOut = harvest.Text.HeldOut,
            ValidationContexts = harvest.Text.ValidationContexts,
            Context = harvest.Packing.Context,
            ModelDtype = harvest.ModelDtype,
            HarvestBatch = harvest.HarvestBatch,
            Tokens = harvest.Tokens,
            DataSeed = harvest.Seed,
        };
    }

    /// <summary>Puts the store's model and text where none are named; where some are, they must be the same by content.</summary>
    /// <param name="asked">The run's options.</param>
    /// <param name="store">The activations.</param>
    /// <param name="problems">Hears of what does not agree.</param>
    /// <param name="downloads">Hears of downloads.</param>
    /// <param name="cancellation">Ends reading files.</param>
    public static TrainOptions Complete(
        TrainOptions asked, ActivationStore store, ProblemList problems, IHubProgress? downloads = null, CancellationToken cancellation = default)
    {
        HarvestedText text = store.Harvest.Text;
        if (asked.Model.Length > 0) problems.Collect(() => RequireModel(asked.Model, store, downloads, cancellation));
        if (asked.Text.Count > 0) problems.Collect(() => RequireText("--text", asked.Text, text.Files, text.Fingerprint, store, cancellation));
        if (asked.Validation.Count > 0) problems.Collect(() => RequireText("--validation", asked.Validation, text.Validation, text.ValidationFingerprint, store, cancellation));
        return asked with
        {
            Model = asked.Model.Length > 0 ? asked.Model : store.Harvest.Model.Id,
            Text = asked.Text.Count > 0 ? PinnedText.As(asked.Text, text.Files) : text.Files,
            Validation = asked.Validation.Count > 0 ? PinnedText.As(asked.Validation, text.Validation) : text.Validation,
        };
    }

    /// <summary>A line for each option that says other than the store.</summary>
    public static IEnumerable<string> Problems(TrainOptions o, ActivationStore store)
    {
        (HarvestFacts harvest, string folder) = (store.Harvest, store.Folder);
        (string Option, object Asked, object Stored)[] same =
        [
            ("--model-dtype", o.ModelDtype, harvest.ModelDtype), ("--context", o.Context, harvest.Packing.Context), ("--harvest-batch", o.HarvestBatch, harvest.HarvestBatch),
            ("--text-field", o.TextField, harvest.Text.Field), ("--skip-bad", o.SkipBad, harvest.Text.SkipBad), ("--held-out", o.HeldOut, harvest.Text.HeldOut),
            ("--data-seed", o.ShuffleSeed, harvest.Seed),
        ];
        foreach ((string option, object asked, object stored) in same)
            if (!asked.Equals(stored))
                yield return FormattableString.Invariant($"{option} is {asked}, but the activations in {folder} were harvested with {stored}: leave {option} out, or harvest again.");
        if (o.Layer < 0)
            yield return $"--layer is missing: the activations in {folder} are of the layers {string.Join(", ", harvest.Layers)}: name one of them.";
        else if (!harvest.Layers.Contains(o.Layer))
            yield return $"--layer is {o.Layer}, but the activations in {folder} are of {(harvest.Layers.Count == 1 ? "layer" : "the layers")} {string.Join(", ", harvest.Layers)}: name one that is there, or harvest again.";
        else
            foreach (string line in Points(o, store)) yield return line;
        if (o.Contexts > harvest.Contexts)
            yield return $"--tokens is {o.Tokens}, but the activations in {folder} are of {harvest.Tokens} tokens: give at most those, or harvest more.";
        if (o.ValidationContexts > harvest.Text.ValidationContexts)
            yield return $"--validation-contexts is {o.ValidationContexts}, but the activations in {folder} were harvested with {harvest.Text.ValidationContexts}: give at most those, or harvest again.";
    }

    /// <summary>The run's text as run.json describes it.</summary>
    public static DataDescription Describe(TrainOptions options, ActivationStore store)
    {
        HarvestedText text = store.Harvest.Text;
        long heldOut = Math.Min(options.ValidationContexts, store.Harvest.HeldOutContexts);
        return new DataDescription(text.Fingerprint, text.Contexts, heldOut, text.ValidationFingerprint, text.BadRows, store.Fingerprint);
    }

    private static IEnumerable<string> Points(TrainOptions o, ActivationStore store)
    {
        foreach ((string option, Func<HookPoint> read) in new (string, Func<HookPoint>)[] { ("--input", () => o.InputHook), ("--output", () => o.OutputHook) })
        {
            HookPoint? point = null;
            try
            {
                point = read();
            }
            catch (MxdInputException)
            {
                // A rule of the options themselves says so.
            }
            if (point is { } named && !store.Harvest.Points.Contains($"{named}"))
                yield return $"{option} is {named}, but the activations in {store.Folder} are of {string.Join(", ", store.Harvest.Points)}: choose from them, or harvest again.";
        }
    }

    private static void RequireModel(string model, ActivationStore store, IHubProgress? downloads, CancellationToken cancellation)
    {
        ModelIdentity stored = store.Harvest.Model;
        using ModelFile file = ModelFile.Open(model, downloads, cancellation);
        ModelIdentity asked = file.Identity;
        if (asked.TokenizerHash != stored.TokenizerHash)
            throw new MxdInputException($"--model {model} has the tokenizer {asked.TokenizerHash}, but the activations in {store.Folder} are of one with {stored.TokenizerHash}: leave --model out, or harvest again.");
        if (asked.WeightsHash != stored.WeightsHash)
            throw new MxdInputException($"--model {model} has the weights {asked.WeightsHash}, but the activations in {store.Folder} are of {stored.Id} with the weights {stored.WeightsHash}: leave --model out, or harvest again.");
        if (asked with { Id = "" } != stored with { Id = "" })
            throw new MxdInputException($"--model {model} is {asked.Architecture} of width {asked.Width}, but the activations in {store.Folder} are of {stored.Architecture} of width {stored.Width}: leave --model out, or harvest again.");
    }

    private static void RequireText(
        string option, IReadOnlyList<string> asked, IReadOnlyList<string> stored, string? fingerprint, ActivationStore store, CancellationToken cancellation)
    {
        if (fingerprint is null)
            throw new MxdInputException($"{option} is {string.Join(' ', asked)}, but the activations in {store.Folder} hold out documents of their text: leave {option} out, or harvest again.");
        string own = CorpusFingerprint.Compute(PinnedText.As(asked, stored), cancellation: cancellation).Hash;
        if (own != fingerprint)
            throw new MxdInputException($"{option} {string.Join(' ', asked)} has the fingerprint {own}, but the activations in {store.Folder} are of text with {fingerprint}: leave {option} out, or harvest again.");
    }
}
