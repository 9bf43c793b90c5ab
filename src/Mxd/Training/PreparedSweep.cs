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
    private readonly ModelFile? model;
    private readonly SweepInput input;
    private readonly bool isResumed;
    private LanguageModel? loaded;
    private IDisposable? held;

    private PreparedSweep(SweepCheck check, SweepDescription description, ModelFile? model, SweepInput input, bool isResumed)
    {
        (this.model, this.input, this.isResumed) = (model, input, isResumed);
        (Folder, Description, Layers) = (check.Folder, description, check.Layers);
    }

    public SweepFolder Folder { get; }

    public SweepDescription Description { get; private set; }

    /// <summary>Of a sweep without a <see cref="Store"/>, or one that evaluates its layers.</summary>
    public ModelFile Model => model ?? throw NotRead("language model");

    /// <summary>Of a sweep without a <see cref="Store"/>.</summary>
    public TrainingData Data => input.Data ?? throw NotRead("training text");

    /// <summary>Of a sweep without a <see cref="Store"/> what validation figures are taken on; of another what its layers are evaluated on.</summary>
    public PackedContexts HeldOut => input.HeldOut ?? throw NotRead("held-out text");

    /// <summary>Where activations come from disk; null where they come from the language model.</summary>
    public ActivationStore? Store { get; private init; }

    /// <summary>The layer of each configuration, in their order.</summary>
    public IReadOnlyList<LayerOptions> Layers { get; }

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
        var early = new ProblemList();
        if (folder.IsTaken) early.Add(Taken(folder));
        else if (folder.WhyNotWritable() is { } obstacle) early.Add(obstacle);
        ActivationStore? store = null;
        if (options.Base.Activations is { } activations)
        {
            store = early.Collect(() => ActivationStore.Open(activations));
            if (store is null)
            {
                // What is left out is the store's to say: of the rest only the lists can be judged.
                foreach (string problem in options.Problems()) early.Add(problem);
                early.ThrowIfAny();
            }
            options = options with { Base = StoreAgreement.Complete(options.Base, store!, early, new ObservedDownloads(observer), cancellation) };
        }
        var check = new SweepCheck(options, folder, [], store);
        check.Problems.Collect(early.ThrowIfAny);
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
            ActivationStore? store = shared.Activations is { } activations ? ActivationStore.Open(activations) : null;
            var otherModel = new ProblemList();
            // A language model that is named anew must be that of the activations, needed or not.
            if (store is not null && shared.Model != saved.Asked.Base.Model)
                StoreAgreement.Complete(shared with { Text = [], Validation = [] }, store, otherModel, new ObservedDownloads(observer), cancellation);
            var check = new SweepCheck(options with { Base = shared }, folder, saved.Configurations, store);
            check.Problems.Collect(otherModel.ThrowIfAny);
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
    public LanguageModel LoadModel(CancellationToken cancellation = default) => loaded ??= input.Loading is null
        ? Model.Load(Dtypes.Parse(Description.Asked.Base.ModelDtype), Devices.Parse(Description.Asked.Base.Device))
        : input.Loading.Take(cancellation);

    public void Dispose()
    {
        input.Loading?.Dispose();
        loaded?.Dispose();
        model?.Dispose();
        held?.Dispose();
    }

    private static InvalidOperationException NotRead(string what) => new($"This sweep trains on stored activations and has no {what}.");

    private static string Taken(SweepFolder folder) => $"{folder.Path} exists already: name another --out, go on with it by --resume, or remove it.";

    private static PreparedSweep Prepare(SweepCheck check, ActivationStore? store, SweepDescription? saved, long? maxMemory, IRunObserver observer, CancellationToken cancellation)
    {
        ModelFile? model = check.OpenModel(observer, cancellation);
        SweepInput? input = null;
        try
        {
            check.RequireEachFits(some => Plan(some, 0), maxMemory);
            (IReadOnlyList<SweptRun> unfinished, long limit) = (check.Unfinished, Limit(maxMemory));
            input = store is null
                ? SweepInput.Read(check, model!, unfinished.Count > 0, saved?.Data.TextContexts, observer, cancellation)
                : SweepInput.Of(check, store, model, observer, cancellation);
            if (saved is not null) check.RequireSame(saved, input.Identity, input.Described);
            var description = new SweepDescription(
                saved?.Version ?? RunDescription.CurrentVersion, check.Options, input.Identity, input.Described, check.Described, saved?.Machine ?? Machine.Describe());
            return new PreparedSweep(check, description, model, input, saved is not null)
            {
                Store = store,
                Passes = SweepPass.Divide(unfinished, some => Plan(some, input.Described.TextContexts), limit),
                MemoryLimit = limit,
            };
        }
        catch
        {
            input?.Loading?.Dispose();
            model?.Dispose();
            throw;
        }

        MemoryPlan Plan(IReadOnlyList<(TrainOptions Options, LayerOptions Layer)> some, long textContexts) =>
            store is null ? MemoryPlan.ForGroup(some, model!, textContexts) : MemoryPlan.ForGroup(some, store.Harvest);
    }

    /// <summary>Where nothing is said, what is free now; never less than half of what the machine has, since caches and other programs may give way.</summary>
    private static long Limit(long? asked)
    {
        SystemMemory memory = SystemMemory.Read();
        return asked ?? Math.Max(memory.Available, memory.Total / 2);
    }
}
