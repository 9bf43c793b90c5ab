using Mxd.Activations;
using Mxd.LanguageModels;
using Mxd.Runtime;
using static TorchSharp.torch;

namespace Mxd.Training;

/// <summary>
/// One pass of a language model over a text, or of what it left on disk, for any number of configurations: the shuffled rows of every hook point
/// that one of them reads, and held-out rows to measure on. Order and batches depend on the text, its options and <see cref="TrainOptions.ShuffleSeed"/> alone, so each
/// configuration gets what it would get in a run of its own.
/// </summary>
public sealed class SharedHarvest : IDisposable
{
    private readonly IDisposable? owned;
    private readonly IActivationSource source;

    private SharedHarvest(IDisposable? owned, IActivationSource source, ActivationBuffer buffer, ValidationSet validation, Device device)
    {
        this.owned = owned;
        this.source = source;
        Buffer = buffer;
        Validation = validation;
        Device = device;
    }

    public ActivationBuffer Buffer { get; }

    public ValidationSet Validation { get; }

    /// <summary>Where layers are trained.</summary>
    public Device Device { get; }

    /// <summary>Tokens that went through the language model, or came from the disk, to be trained on.</summary>
    public long Tokens => source.Tokens;

    /// <summary>Time they took it; beside training, where it runs ahead.</summary>
    public TimeSpan Elapsed => source.Elapsed;

    /// <summary>Harvests what is measured on, and makes the buffer for what is trained on.</summary>
    /// <param name="model">The language model; disposed with this, unless it is left.</param>
    /// <param name="options">Of any of the configurations: what they do not share is not looked at.</param>
    /// <param name="data">The text.</param>
    /// <param name="points">Every hook point that one of them reads.</param>
    /// <param name="observer">Hears of progress.</param>
    /// <param name="harvestsAhead">Run the language model beside training? <see cref="HarvestPolicy"/> decides where null.</param>
    /// <param name="leavesModel">Is the model still the caller's?</param>
    /// <param name="cancellation">Ends it between two batches.</param>
    public static SharedHarvest Begin(
        LanguageModel model, TrainOptions options, TrainingData data, IEnumerable<HookPoint> points, IRunObserver observer,
        bool? harvestsAhead = null, bool leavesModel = false, CancellationToken cancellation = default)
    {
        ValidationSet? validation = null;
        try
        {
            Device device = Devices.Parse(options.Device);
            var harvester = new Harvester(model, points);
            observer.Begin("Harvesting held-out activations", data.HeldOut.TokenCount, "tokens");
            validation = ValidationSet.Harvest(harvester, data.HeldOut, data.HeldOut.Count, options.HarvestBatch, observer, cancellation);
            var source = new ActivationSource(harvester, data.Text, new ContextOrder(data.Text.Count, options.ShuffleSeed));
            var buffer = new ActivationBuffer(
                source, options.Buffer, options.HarvestBatch, options.Contexts, options.ShuffleSeed, harvestsAhead ?? HarvestPolicy.HarvestsAhead(model.Device));
            return new SharedHarvest(leavesModel ? null : model, source, buffer, validation, device);
        }
        catch
        {
            validation?.Dispose();
            if (!leavesModel) model.Dispose();
            throw;
        }
    }

    /// <summary>Reads what is measured on, and makes the buffer for what is trained on, without a language model.</summary>
    /// <param name="store">The activations; several passes may read them, one after the other or at once.</param>
    /// <param name="options">Of any of the configurations, which agree with the store (<see cref="StoreAgreement"/>).</param>
    /// <param name="points">Every hook point that one of them reads.</param>
    /// <exception cref="MxdInputException">A point was not harvested, or a file is missing or was altered.</exception>
    public static SharedHarvest Begin(ActivationStore store, TrainOptions options, IEnumerable<HookPoint> points)
    {
        Device device = Devices.Parse(options.Device);
        HookPoint[] read = [.. points.Distinct()];
        StoredActivations? source = null;
        ValidationSet? validation = null;
        try
        {
            validation = new ValidationSet(store.ReadHeldOut(read, Math.Min(options.ValidationContexts, store.Harvest.HeldOutContexts)));
            source = store.Read(read);
            var buffer = new ActivationBuffer(source, options.Buffer, options.HarvestBatch, options.Contexts, options.ShuffleSeed);
            return new SharedHarvest(source, source, buffer, validation, device);
        }
        catch
        {
            validation?.Dispose();
            source?.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        // The buffer first: its thread may be in the model.
        Buffer.Dispose();
        Validation.Dispose();
        owned?.Dispose();
    }
}
