using System.Diagnostics;
using Mxd.Activations;
using Mxd.Corpora;
using Mxd.Interchange;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Runtime;

namespace Mxd.Training;

/// <summary>
/// A run whose every input has been checked and whose text is read, before anything is written: whatever is wrong with a request is said here.
/// </summary>
public sealed class PreparedRun : IDisposable
{
    private readonly ModelFile? model;
    private readonly LoadingModel? loading;
    private readonly TrainingData? data;
    private IDisposable? held;

    private PreparedRun(RunFolder folder, RunDescription description, ModelFile model, LoadingModel loading, TrainingData data, string? checkpoint)
        : this(folder, description, checkpoint)
    {
        this.model = model;
        this.loading = loading;
        this.data = data;
    }

    private PreparedRun(RunFolder folder, RunDescription description, ActivationStore store, string? checkpoint)
        : this(folder, description, checkpoint) => Store = store;

    private PreparedRun(PreparedRun other, RunDescription description)
        : this(other.Folder, description, other.Checkpoint) => (model, loading, data, Store) = (other.model, other.loading, other.data, other.Store);

    private PreparedRun(RunFolder folder, RunDescription description, string? checkpoint)
    {
        Folder = folder;
        Description = description;
        Checkpoint = checkpoint;
    }

    public RunFolder Folder { get; }

    public RunDescription Description { get; }

    /// <summary>The activations on disk that the run reads; null where it runs the language model.</summary>
    public ActivationStore? Store { get; }

    /// <summary>Of a run without a <see cref="Store"/>.</summary>
    public ModelFile Model => model ?? throw NotRead("language model");

    /// <summary>Of a run without a <see cref="Store"/>.</summary>
    public TrainingData Data => data ?? throw NotRead("text");

    /// <summary>The checkpoint to go on from, or null for a run that starts.</summary>
    public string? Checkpoint { get; }

    public TrainOptions Options => Description.Options;

    /// <summary>Checks a new run.</summary>
    /// <exception cref="MxdInputException">Everything that is wrong, a line each.</exception>
    public static PreparedRun New(TrainOptions options, RunFolder folder, IRunObserver observer, CancellationToken cancellation = default)
    {
        if (options.Activations is { } activations) return New(options, activations, folder, observer, cancellation);
        ProblemList problems = AddFolder(folder, AddRules(options, new ProblemList()));
        if (options.Text.Concat(options.Validation).Any(TextFiles.IsOnHub)) problems.ThrowIfAny();
        var downloads = new ObservedDownloads(observer);
        TrainOptions pinned = options with
        {
            Text = TextFiles.Pin(options.Text, downloads, cancellation),
            Validation = TextFiles.Pin(options.Validation, downloads, cancellation),
        };
        return Prepare(pinned, folder, problems, (null, null), observer, cancellation);
    }

    private static PreparedRun New(TrainOptions options, string activations, RunFolder folder, IRunObserver observer, CancellationToken cancellation)
    {
        ProblemList problems = AddFolder(folder, new ProblemList());
        if (problems.Collect(() => ActivationStore.Open(activations)) is { } store)
            return Prepare(StoreAgreement.Complete(options, store, problems, new ObservedDownloads(observer), cancellation), store, folder, problems, checkpoint: null);
        problems.ThrowIfAny();
        throw new UnreachableException();
    }

    /// <summary>Checks that a run can go on, with options that differ from its own in what may differ, and keeps other processes from it.</summary>
    /// <exception cref="MxdInputException">Everything that is wrong, a line each.</exception>
    public static PreparedRun Resume(TrainOptions options, RunFolder folder, IRunObserver observer, CancellationToken cancellation = default)
    {
        // Before the folder is entered, which would make it; and once more after, since another process may have raised --tokens till then.
        folder.ReadDescription();
        IDisposable held = folder.Enter();
        try
        {
            PreparedRun run = Resume(options, folder.ReadDescription(), folder, observer, cancellation);
            run.held = held;
            return run;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    private static PreparedRun Resume(
        TrainOptions options, RunDescription saved, RunFolder folder, IRunObserver observer, CancellationToken cancellation)
    {
        options = options with
        {
            Text = PinnedText.As(options.Text, saved.Options.Text),
            Validation = PinnedText.As(options.Validation, saved.Options.Validation),
        };
        var changed = new ProblemList();
        changed.Collect(() => ResumeRules.Check(saved.Options, options));
        changed.Collect(() => RequireSame("--text", options.Text, saved.Options.Text, saved.Data.Text));
        changed.Collect(() => RequireSame("--validation", options.Validation, saved.Options.Validation, saved.Data.Validation));
        changed.ThrowIfAny();
        string? checkpoint = CheckpointFile.Newest(folder.CheckpointsFolder);
        if (checkpoint is not null) CheckpointFile.ReadHeader(checkpoint);
        PreparedRun run = options.Activations is { } activations
            ? Prepare(options, SameModel(options, saved, activations, observer, cancellation), folder, new ProblemList(), checkpoint)
            : Prepare(options, folder, AddRules(options, new ProblemList()), (checkpoint, saved.Data.TextContexts), observer, cancellation);
        foreach (string line in Changed(saved, run)) changed.Add(line);
        if (!changed.IsEmpty) run.Dispose();
        changed.ThrowIfAny();
        return new PreparedRun(run, run.Description with { Version = saved.Version, Machine = saved.Machine });
    }

    /// <summary>The activations of a run that goes on; a language model that is named anew must be theirs.</summary>
    private static ActivationStore SameModel(
        TrainOptions options, RunDescription saved, string activations, IRunObserver observer, CancellationToken cancellation)
    {
        ActivationStore store = ActivationStore.Open(activations);
        var problems = new ProblemList();
        if (options.Model != saved.Options.Model)
            StoreAgreement.Complete(options with { Text = [], Validation = [] }, store, problems, new ObservedDownloads(observer), cancellation);
        problems.ThrowIfAny();
        return store;
    }

    /// <summary>Makes the folder and keeps other processes from it until this is disposed.</summary>
    /// <exception cref="MxdInputException">Another process is at work on the run.</exception>
    public void Enter()
    {
        if (held is not null) return;
        held = Folder.Enter();
        // Reading the text takes a while, in which another process may have made the run.
        if (Folder.IsTaken) throw new MxdInputException(Taken(Folder));
    }

    /// <summary>The language model, whose weights have been read while the text was; once, and the caller's to dispose.</summary>
    public LanguageModel TakeModel(CancellationToken cancellation = default) => (loading ?? throw NotRead("language model")).Take(cancellation);

    public void Dispose()
    {
        loading?.Dispose();
        model?.Dispose();
        held?.Dispose();
    }

    private static string Taken(RunFolder folder) => $"{folder.Path} exists already: name another --out, go on with it by --resume, or remove it.";

    /// <summary>Files of another name may be the same files, moved.</summary>
    internal static void RequireSame(string option, IReadOnlyList<string> files, IReadOnlyList<string> before, string? hash)
    {
        if (files.SequenceEqual(before) || (files.Count > 0 && CorpusFingerprint.Compute(files).Hash == hash)) return;
        string began = before.Count == 0 ? "without it" : $"with {string.Join(' ', before)}";
        throw new MxdInputException($"{option} is {string.Join(' ', files)}, but the run began {began}: leave {option} out to go on, or begin another run.");
    }

    private static IEnumerable<string> Changed(RunDescription saved, PreparedRun run)
    {
        if (run.Description.Data.Activations != saved.Data.Activations)
        {
            yield return $"--activations {run.Options.Activations} has the fingerprint {run.Description.Data.Activations}, but the run began on activations with {saved.Data.Activations}: put those back, or begin another run.";
            yield break;
        }
        if (run.Description.Origin.Model with { Id = "" } != saved.Origin.Model with { Id = "" })
            yield return $"--model {run.Options.Model} is not the file the run began with (its hash differs): put that file back, or begin another run.";
        if (run.Description.Layer != saved.Layer)
            yield return $"The run's options mean another layer to this version of mxd than to {saved.Version}, which began it: go on with that version, or begin another run.";
        if (run.Description.Data.Text != saved.Data.Text)
            yield return "--text is not what the run began with (its hash differs): put those files back, or begin another run.";
        if (run.Description.Data.Validation != saved.Data.Validation)
            yield return "--validation is not what the run began with (its hash differs): put those files back, or begin another run.";
    }

    private static ProblemList AddFolder(RunFolder folder, ProblemList problems)
    {
        if (folder.IsTaken) problems.Add(Taken(folder));
        else if (folder.WhyNotWritable() is { } obstacle) problems.Add(obstacle);
        return problems;
    }

    private static ProblemList AddRules(TrainOptions options, ProblemList problems)
    {
        foreach (string problem in options.Problems()) problems.Add(problem);
        return problems;
    }

    private static InvalidOperationException NotRead(string what) => new($"A run on stored activations has no {what}.");

    /// <summary>A run on activations from disk: neither model nor text need be there.</summary>
    private static PreparedRun Prepare(TrainOptions options, ActivationStore store, RunFolder folder, ProblemList problems, string? checkpoint)
    {
        AddRules(options with { Layer = Math.Max(0, options.Layer) }, problems);
        problems.Collect(() => { Devices.Parse(options.Device); });
        foreach (string problem in StoreAgreement.Problems(options, store)) problems.Add(problem);
        LayerOptions? layer = problems.IsEmpty ? problems.Collect(() => CheckLayer(options, store.Harvest.Model)) : null;
        problems.ThrowIfAny();
        var plan = MemoryPlan.For(options, layer!, store.Harvest);
        plan.RequireAtMost(Machine.Describe().Memory.Total);
        var origin = new LayerOrigin(
            store.Harvest.Model with { Id = options.Model }, options.InputHook.ToString(), options.OutputHook.ToString(), options.Context, options.ModelDtype, TrainedTokens: 0);
        var description = new RunDescription(
            RunDescription.CurrentVersion, options, layer!, origin, StoreAgreement.Describe(options, store), plan, Machine.Describe());
        return new PreparedRun(folder, description, store, checkpoint);
    }

    private static PreparedRun Prepare(
        TrainOptions options, RunFolder folder, ProblemList problems, (string? Checkpoint, long? Contexts) resumed, IRunObserver observer, CancellationToken cancellation)
    {
        foreach (IReadOnlyList<string> files in new[] { options.Text, options.Validation })
            if (files.Count > 0) problems.Collect(() => TextFiles.Check(files, options.TextField, options.SkipBad, new ObservedDownloads(observer), cancellation: cancellation));
        problems.Collect(() => { Devices.Parse(options.Device); });
        // A download takes its time: not before all else is right.
        if (ModelFile.IsOnHub(options.Model)) problems.ThrowIfAny();
        ModelFile? model = problems.Collect(() => ModelFile.Open(options.Model, new ObservedDownloads(observer), cancellation));
        LayerOptions? layer = null;
        if (model is not null)
        {
            if (options.Layer >= 0) problems.Collect(() => { model.CheckLayer(options.Layer); });
            problems.Collect(() => model.CheckContext(options.Context));
            problems.Collect(model.CheckWeights);
            if (problems.IsEmpty) layer = problems.Collect(() => CheckLayer(options, model.Identity));
        }
        if (!problems.IsEmpty) model?.Dispose();
        problems.ThrowIfAny();
        return Plan(options, folder, model!, layer!, resumed, observer, cancellation);
    }

    private static PreparedRun Plan(
        TrainOptions options, RunFolder folder, ModelFile model, LayerOptions layer, (string? Checkpoint, long? Contexts) resumed, IRunObserver observer, CancellationToken cancellation)
    {
        LoadingModel? loading = null;
        try
        {
            long memory = Machine.Describe().Memory.Total;
            MemoryPlan.For(options, layer, model, 0).RequireAtMost(memory);
            loading = new LoadingModel(progress => model.Load(Dtypes.Parse(options.ModelDtype), Devices.Parse(options.Device), progress));
            TrainingData data = TrainingData.Load(options, model.Tokenizer, resumed.Contexts, observer, cancellation);
            var plan = MemoryPlan.For(options, layer, model, data.Text.Count);
            plan.RequireAtMost(memory);
            var origin = new LayerOrigin(
                model.Identity, options.InputHook.ToString(), options.OutputHook.ToString(), options.Context, options.ModelDtype, TrainedTokens: 0);
            var description = new RunDescription(RunDescription.CurrentVersion, options, layer, origin, data.Description, plan, Machine.Describe());
            return new PreparedRun(folder, description, model, loading, data, resumed.Checkpoint);
        }
        catch
        {
            loading?.Dispose();
            model.Dispose();
            throw;
        }
    }

    private static string Beside(LayerOptions layer) => layer.Hidden is { } hidden ? $"the hidden width {hidden}" : "the skip connection";

    /// <summary>The layer that options mean to a model.</summary>
    /// <exception cref="MxdInputException">It cannot be made, or the model has no place for it.</exception>
    internal static LayerOptions CheckLayer(TrainOptions options, ModelIdentity model)
    {
        foreach (HookPoint point in new[] { options.InputHook, options.OutputHook })
            if (point.Layer >= model.Layers)
                throw new MxdInputException($"Hook point {point} is in layer {point.Layer}, but the model has {model.Layers} layers: choose one from 0 to {model.Layers - 1}.");
        LayerOptions layer = options.LayerOptions(model.Width, model.Width);
        if (options.Experts is null && layer is { Sparsity: not null, Units: < 1 })
            throw new MxdInputException(
                $"--multiplier {options.Multiplier ?? ParameterBudget.DefaultMultiplier} leaves no parameters for units beside {Beside(layer)}: raise --multiplier, {(layer.Hidden is null ? "" : "lower --hidden, ")}or give --experts.");
        string[] problems = [.. layer.Problems()];
        return problems.Length == 0 ? layer : throw new MxdInputException(string.Join('\n', problems));
    }
}
