using Mxd.Activations;
using Mxd.Corpora;
using Mxd.LanguageModels;
using Mxd.Runtime;

namespace Mxd.Training;

/// <summary>What a sweep reads: the text, while the weights of the language model load; of one on activations from disk only what its layers are evaluated on.</summary>
/// <param name="Identity">The language model.</param>
/// <param name="Described">The text.</param>
internal sealed record SweepInput(ModelIdentity Identity, DataDescription Described)
{
    /// <summary>The whole text; null where activations come from disk.</summary>
    public TrainingData? Data { get; private init; }

    /// <summary>Held-out text; null where neither validation figures nor evaluations ask for it.</summary>
    public PackedContexts? HeldOut { get; private init; }

    /// <summary>The model, where layers are trained from it.</summary>
    public LoadingModel? Loading { get; private init; }

    /// <param name="check">What the sweep is made of.</param>
    /// <param name="model">The language model, which stays the caller's.</param>
    /// <param name="trains">Is anything left to train?</param>
    /// <param name="contexts">See <see cref="TrainingData.Load"/>.</param>
    /// <param name="observer">Hears of progress.</param>
    /// <param name="cancellation">Ends it.</param>
    public static SweepInput Read(SweepCheck check, ModelFile model, bool trains, long? contexts, IRunObserver observer, CancellationToken cancellation)
    {
        TrainOptions shared = check.Options.Base;
        LoadingModel? loading = trains ? new LoadingModel(progress => model.Load(Dtypes.Parse(shared.ModelDtype), Devices.Parse(shared.Device), progress)) : null;
        try
        {
            TrainingData data = TrainingData.Load(check.Configurations[0], model.Tokenizer, contexts, observer, cancellation);
            return new SweepInput(model.Identity, data.Description) { Data = data, HeldOut = data.HeldOut, Loading = loading };
        }
        catch
        {
            loading?.Dispose();
            throw;
        }
    }

    /// <param name="check">What the sweep is made of.</param>
    /// <param name="store">The activations.</param>
    /// <param name="model">What layers are evaluated with; null where they are not.</param>
    /// <param name="observer">Hears of downloads.</param>
    /// <param name="cancellation">Ends it.</param>
    public static SweepInput Of(SweepCheck check, ActivationStore store, ModelFile? model, IRunObserver observer, CancellationToken cancellation)
    {
        TrainOptions first = check.Configurations[0];
        DataDescription described = StoreAgreement.Describe(first, store);
        if (model is null) return new SweepInput(store.Harvest.Model with { Id = first.Model }, described);
        check.RequireSame(store.Harvest, model.Identity, CorpusFingerprint.Compute(TrainingData.HeldOutFiles(first), cancellation: cancellation).Hash);
        PackedContexts heldOut = TrainingData.HeldOutOf(
            first, model.Tokenizer, check.Options.Contexts, first.SkipBad ? new BadRows() : null, new ObservedDownloads(observer), cancellation);
        return new SweepInput(model.Identity, described) { HeldOut = heldOut };
    }
}
