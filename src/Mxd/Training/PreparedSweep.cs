using Mxd.Activations;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Runtime;

namespace Mxd.Training;

/// <summary>
/// A sweep whose every input has been checked, for all configurations at once, and whose text is read, before anything is written.
/// </summary>
public sealed class PreparedSweep : IDisposable
{
    private readonly LoadingModel? loading;
    private readonly bool isResumed;
    private LanguageModel? loaded;
    private IDisposable? held;

    private PreparedSweep(SweepFolder folder, SweepDescription description, ModelFile model, TrainingData data, LoadingModel? loading, bool isResumed)
    {
        (this.loading, this.isResumed) = (loading, isResumed);
        (Folder, Description, Model, Data) = (folder, description, model, data);
    }

    public SweepFolder Folder { get; }

    public SweepDescription Description { get; private set; }

    public ModelFile Model { get; }

    public TrainingData Data { get; }

    /// <summary>Where activations come from disk; null where they come from the language model.</summary>
    public ActivationStore? Store { get; private init; }

    /// <summary>The layer of each configuration, in their order.</summary>
    public required IReadOnlyList<LayerOptions> Layers { get; init; }

    /// <summary>What is still to be trained, by passes of the language model.</summary>
    public required IReadOnlyList<SweepPass> Passes { get; init; }

    /// <summary>What a pass may hold, bytes.</summary>
    public required long MemoryLimit { get; init; }

    /// <summary>Checks a new sweep.</summary>
    /// <param name="options">What is asked.</param>
    /// <param name="folder">Where it will be kept.</param>
    /// <param name="observer">Hears of progress.</param>
    /// <param name="maxMemory">Bytes that a pass may hold, where less than the machine has is meant.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="MxdInputException">Everything that is wrong, a line each.</exception>
    public static PreparedSweep New(SweepOptions options, SweepFolder folder, IRunObserver observer, long? maxMemory = null, CancellationToken cancellation = default)
    {
        var disagreeing = new ProblemList();
        ActivationStore? store = Open(options.Base);
        if (store is not null)
            options = options with { Base = StoreAgreement.Complete(options.Base, store, disagreeing, new ObservedDownloads(observer), cancellation) };
        var check = new SweepCheck(options, folder, [], store);
        check.Problems.Collect(disagreeing.ThrowIfAny);
        if (folder.IsTaken) check.Problems.Add(Taken(folder));
        else if (folder.WhyNotWritable() is { } obstacle) check.Problems.Add(obstacle);
        return Prepare(check, store, null, maxMemory, observer, cancellation);
    }

    /// <summary>
    /// Checks that a sweep can go on: with longer lists, whose new configurations are added, with more tokens, or with files that were moved. Other
    /// processes are kept from it.
    /// </summary>
    /// <exception cref="MxdInputException">Everything that is wrong, a line each.</exception>
    /// <inheritdoc cref="New"/>
    public static PreparedSweep Resume(SweepOptions options, SweepFolder folder, IRunObserver observer, long? maxMemory = null, CancellationToken cancellation = default)
    {
        folder.ReadDescription();
        IDisposable held = folder.Enter();
        try
        {
            SweepDescription saved = folder.ReadDescription();
            // The order of the text stays what it was, whatever seeds are added.
            TrainOptions shared = options.Base with
            {
                DataSeed = options.Base.DataSeed ?? saved.Configurations[0].Options.DataSeed,
                Text = PinnedText.As(options.Base.Text, saved.Asked.Base.Text),
                Validation = PinnedText.As(options.Base.Validation, saved.Asked.Base.Validation),
            };
            ActivationStore? store = Open(shared);
            var check = new SweepCheck(options with { Base = shared }, folder, saved.Configurations, store);
            check.RequireGoesOn(saved);
            PreparedSweep sweep = Prepare(check, store, saved, maxMemory, observer, cancellation);
            sweep.held = held;
            return sweep;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Makes the folder, says in it what is to be done, and keeps other processes from it until this is disposed.</summary>
    /// <exception cref="MxdInputException">Another process is at work on it.</exception>
    public void Enter()
    {
        if (held is null)
        {
            held = Folder.Enter();
            if (!isResumed && Folder.IsTaken) throw new MxdInputException(Taken(Folder));
        }
        Folder.Write(Description);
    }

    /// <summary>Notes how far a configuration is.</summary>
    public void Note(string name, SweepState state, string? failure = null)
    {
        Description = Description.With(name, state, failure);
        Folder.Write(Description);
    }

    /// <summary>The language model, which is this object's; its weights have been read while the text was.</summary>
    public LanguageModel LoadModel(CancellationToken cancellation = default) => loaded ??= loading is null
        ? Model.Load(Dtypes.Parse(Description.Asked.Base.ModelDtype), Devices.Parse(Description.Asked.Base.Device))
        : loading.Take(cancellation);

    public void Dispose()
    {
        loading?.Dispose();
        loaded?.Dispose();
        Model.Dispose();
        held?.Dispose();
    }

    private static string Taken(SweepFolder folder) => $"{folder.Path} exists already: name another --out, go on with it by --resume, or remove it.";

    private static PreparedSweep Prepare(SweepCheck check, ActivationStore? store, SweepDescription? saved, long? maxMemory, IRunObserver observer, CancellationToken cancellation)
    {
        ModelFile model = check.OpenModel(observer, cancellation);
        LoadingModel? loading = null;
        try
        {
            (TrainOptions shared, long limit) = (check.Options.Base, Limit(maxMemory));
            check.RequireEachFits(some => Plan(some, 0), maxMemory);
            IReadOnlyList<SweptRun> unfinished = check.Unfinished;
            if (unfinished.Count > 0 && store is null)
                loading = new LoadingModel(progress => model.Load(Dtypes.Parse(shared.ModelDtype), Devices.Parse(shared.Device), progress));
            TrainingData data = TrainingData.Load(check.Configurations[0], model.Tokenizer, saved?.Data.TextContexts, observer, cancellation);
            if (store is not null)
            {
                check.RequireSame(store.Harvest, model.Identity, data.Description);
                data = data with { Description = StoreAgreement.Describe(check.Configurations[0], store) };
            }
            if (saved is not null) check.RequireSame(saved, model.Identity, data.Description);
            var description = new SweepDescription(
                saved?.Version ?? RunDescription.CurrentVersion, check.Options, model.Identity, data.Description, check.Described, saved?.Machine ?? Machine.Describe());
            return new PreparedSweep(check.Folder, description, model, data, loading, saved is not null)
            {
                Store = store,
                Layers = check.Layers,
                Passes = SweepPass.Divide(unfinished, some => Plan(some, data.Text.Count), limit),
                MemoryLimit = limit,
            };
        }
        catch
        {
            loading?.Dispose();
            model.Dispose();
            throw;
        }

        MemoryPlan Plan(IReadOnlyList<(TrainOptions Options, LayerOptions Layer)> some, long textContexts) =>
            store is null ? MemoryPlan.ForGroup(some, model, textContexts) : MemoryPlan.ForGroup(some, store.Harvest);
    }

    private static ActivationStore? Open(TrainOptions shared) => shared.Activations is { } folder ? ActivationStore.Open(folder) : null;

    /// <summary>Where nothing is said, what is free now; never less than half of what the machine has, since caches and other programs may give way.</summary>
    private static long Limit(long? asked)
    {
        SystemMemory memory = SystemMemory.Read();
        return asked ?? Math.Max(memory.Available, memory.Total / 2);
    }
}
