using Mxd.Activations;
using Mxd.Corpora;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Runtime;

namespace Mxd.Training;

/// <summary>What a sweep is made of, and everything that is wrong with it.</summary>
internal sealed class SweepCheck
{
    private readonly IReadOnlyList<SweepConfiguration> known;
    private readonly IReadOnlyList<string> names;
    private readonly ActivationStore? store;

    /// <param name="options">What is asked.</param>
    /// <param name="folder">The sweep's.</param>
    /// <param name="known">Configurations that a sweep which goes on has already.</param>
    /// <param name="store">Where activations come from disk.</param>
    public SweepCheck(SweepOptions options, SweepFolder folder, IReadOnlyList<SweepConfiguration> known, ActivationStore? store)
    {
        (Options, Folder, this.known, this.store) = (options, folder, known, store);
        Configurations = options.Configurations;
        names = SweepNames.Of(Configurations, known.ToDictionary(c => Key(c.Options), c => c.Name), Key);
        Problems = new SweepProblems(names);
        foreach (string problem in options.Problems()) Problems.Add(problem);
        Each((name, o, _) => { foreach (string problem in o.Problems()) Problems.Add(name, problem); });
    }

    public SweepOptions Options { get; private set; }

    public SweepFolder Folder { get; }

    public IReadOnlyList<TrainOptions> Configurations { get; private set; }

    public SweepProblems Problems { get; }

    /// <summary>Known once the model is open.</summary>
    public IReadOnlyList<LayerOptions> Layers { get; private set; } = [];

    /// <summary>What is to be trained.</summary>
    public IReadOnlyList<SweptRun> Unfinished => [.. Described.Index().Where(c => c.Item.State == SweepState.Unfinished).Select(c => Run(c.Item, c.Index))];

    /// <summary>Configurations as sweep.json has them.</summary>
    public IReadOnlyList<SweepConfiguration> Described => [.. Configurations.Select((o, i) => Describe(names[i], o))];

    /// <summary>Is the language model needed? Layers that train from activations on disk are only measured with it.</summary>
    private bool NeedsModel => store is null || Options.Contexts > 0;

    /// <summary>
    /// Opens the language model, after checking all that needs none, and judges every configuration by it, or by the activations on disk; null where those are
    /// all that is needed.
    /// </summary>
    /// <exception cref="MxdInputException">Everything that is wrong, a line each.</exception>
    public ModelFile? OpenModel(IRunObserver observer, CancellationToken cancellation)
    {
        var downloads = new ObservedDownloads(observer);
        TrainOptions shared = Options.Base;
        if (shared.Text.Concat(shared.Validation).Any(TextFiles.IsOnHub)) Problems.ThrowIfAny();
        // A store has the names of its text as they were pinned.
        if (store is null) Replace(shared with { Text = TextFiles.Pin(shared.Text, downloads, cancellation), Validation = TextFiles.Pin(shared.Validation, downloads, cancellation) });
        foreach (IReadOnlyList<string> files in TextThatIsRead(shared))
            if (files.Count > 0) Collect(() => TextFiles.Check(files, shared.TextField, shared.SkipBad, downloads, cancellation: cancellation));
        Problems.Collect(() => { Devices.Parse(shared.Device); });
        ModelFile? model = null;
        if (NeedsModel)
        {
            // A download takes its time: not before all else is right.
            if (ModelFile.IsOnHub(shared.Model)) Problems.ThrowIfAny();
            Collect(() => model = ModelFile.Open(shared.Model, downloads, cancellation));
        }
        try
        {
            if (model is not null) Judge(model);
            if (store is not null) Judge(store);
            else if (model is not null) FindLayers(model.Identity);
            Problems.ThrowIfAny();
            return model;
        }
        catch
        {
            model?.Dispose();
            throw;
        }
    }

    /// <exception cref="MxdInputException">A configuration does not fit into memory even alone; each named.</exception>
    public void RequireEachFits(Func<IReadOnlyList<(TrainOptions Options, LayerOptions Layer)>, MemoryPlan> planOf, long? maxMemory)
    {
        long machine = SystemMemory.Read().Total;
        Each((name, o, i) => Problems.Collect(name, () =>
        {
            MemoryPlan plan = planOf([(o, Layers[i])]);
            plan.RequireAtMost(machine);
            if (plan.Total > maxMemory)
                throw new MxdInputException($"It needs {ByteSize.Format(plan.Total)} of memory by itself, more than the {ByteSize.Format(maxMemory.Value)} of --max-memory: raise that, or {plan.Remedy}.");
            return plan;
        }));
        Problems.ThrowIfAny();
    }

    /// <summary>May the sweep go on so?</summary>
    /// <exception cref="MxdInputException">Something changed that must not, or a configuration was left out.</exception>
    public void RequireGoesOn(SweepDescription saved)
    {
        (TrainOptions now, TrainOptions before) = (Options.Base, saved.Asked.Base);
        Problems.Collect(() => ResumeRules.Check(before with { DataSeed = now.DataSeed }, now));
        Problems.Collect(() => PreparedRun.RequireSame("--text", now.Text, before.Text, saved.Data.Text));
        Problems.Collect(() => PreparedRun.RequireSame("--validation", now.Validation, before.Validation, saved.Data.Validation));
        long? order = saved.Configurations[0].Options.DataSeed;
        if (now.DataSeed != order) Problems.Add($"--data-seed is {now.DataSeed}, but the sweep began with {order}: leave --data-seed out to go on, or begin another sweep.");
        foreach (string name in names.Where(name => known.All(c => c.Name != name) && Folder.Run(name).IsTaken))
            Problems.Add(name, $"{Folder.Run(name).Path} exists already, but {Folder.DescriptionFile} does not name it: move it elsewhere, or remove it.");
        if (Problems.IsEmpty && known.Where(c => !names.Contains(c.Name)).Select(c => c.Name).ToArray() is { Length: > 0 } left)
            Problems.Add($"The lists leave out {string.Join(", ", left)}, which the sweep began with: name at least what it began with, or begin another sweep.");
        Problems.ThrowIfAny();
    }

    /// <summary>Are the model and the held-out text, which layers are evaluated on, those of the activations?</summary>
    /// <exception cref="MxdInputException">They are not.</exception>
    public void RequireSame(HarvestFacts harvest, ModelIdentity model, string heldOut)
    {
        string from = $"the activations in {Options.Base.Activations} were harvested from (its hash differs): put that back, or harvest again.";
        if (model with { Id = "" } != harvest.Model with { Id = "" }) Problems.Add($"--model {Options.Base.Model} is not what {from}");
        string option = Options.Base.Validation.Count > 0 ? "--validation" : "--text";
        if (heldOut != (harvest.Text.ValidationFingerprint ?? harvest.Text.Fingerprint))
            Problems.Add($"{option} {string.Join(' ', TrainingData.HeldOutFiles(Options.Base))} is not what {from}");
        Problems.ThrowIfAny();
    }

    /// <summary>Are model and text what the sweep began with?</summary>
    /// <exception cref="MxdInputException">They are not.</exception>
    public void RequireSame(SweepDescription saved, ModelIdentity model, DataDescription data)
    {
        if (model with { Id = "" } != saved.Model with { Id = "" })
            Problems.Add($"--model {Options.Base.Model} is not the file the sweep began with (its hash differs): put that file back, or begin another sweep.");
        if (data.Text != saved.Data.Text) Problems.Add("--text is not what the sweep began with (its hash differs): put those files back, or begin another sweep.");
        if (data.Validation != saved.Data.Validation) Problems.Add("--validation is not what the sweep began with (its hash differs): put those files back, or begin another sweep.");
        if (data.Activations != saved.Data.Activations)
            Problems.Add($"--activations {Options.Base.Activations} has the fingerprint {data.Activations}, but the sweep began on activations with {saved.Data.Activations}: put those back, or begin another sweep.");
        Each((name, _, i) =>
        {
            if (Folder.Run(name) is { IsTrained: true } folder && folder.ReadDescription() is var run && run.Layer != Layers[i])
                Problems.Add(name, $"Its options mean another layer to this version of mxd than to {run.Version}, which began it: go on with that version, or begin another sweep.");
        });
        Problems.ThrowIfAny();
    }

    /// <summary>What says that two configurations are the same, whatever became longer or was moved.</summary>
    internal static string Key(TrainOptions o) => SweepOptions.Key(o with
    {
        Activations = null,
        Model = "",
        Text = [],
        Validation = [],
        Tokens = 0,
        CheckpointEvery = null,
    });

    private void Replace(TrainOptions shared)
    {
        Options = Options with { Base = shared };
        Configurations = Options.Configurations;
    }

    private IEnumerable<IReadOnlyList<string>> TextThatIsRead(TrainOptions shared) =>
        store is null ? [shared.Text, shared.Validation] : NeedsModel ? [TrainingData.HeldOutFiles(shared)] : [];

    /// <summary>Adds what a check of what is only evaluated with refuses, where that is so with how to do without.</summary>
    private void Collect(Action check) => Problems.Collect(() =>
    {
        try
        {
            check();
        }
        catch (MxdInputException e) when (store is not null)
        {
            throw new MxdInputException(string.Join('\n', e.Message.Split('\n').Select(line => $"{line} Only evaluating the layers needs it: --contexts 0 leaves that out.")), e);
        }
    });

    private void Judge(ModelFile model)
    {
        Problems.Collect(() => model.CheckContext(Options.Base.Context));
        Problems.Collect(model.CheckWeights);
        if (store is null) Each((name, o, _) => { if (o.Layer >= 0) Problems.Collect(name, () => $"{model.CheckLayer(o.Layer)}"); });
    }

    private void Judge(ActivationStore store)
    {
        Each((name, o, _) => { foreach (string problem in StoreAgreement.Problems(o, store)) Problems.Add(name, problem); });
        FindLayers(store.Harvest.Model);
    }

    private void FindLayers(ModelIdentity model)
    {
        if (!Problems.IsEmpty) return;
        List<LayerOptions> layers = [];
        Each((name, o, _) => { if (Problems.Collect(name, () => PreparedRun.CheckLayer(o, model)) is { } layer) layers.Add(layer); });
        Layers = layers;
    }

    private SweepConfiguration Describe(string name, TrainOptions options)
    {
        RunFolder folder = Folder.Run(name);
        SweepConfiguration? before = known.FirstOrDefault(c => c.Name == name);
        if (before is { State: SweepState.Failed }) return before with { Options = options };
        bool isDone = folder.ReadResult() is { } result && result.Tokens >= options.TrainedTokens;
        return new SweepConfiguration(name, options, isDone ? SweepState.Trained : SweepState.Unfinished, Lengthened: Lengthened(before, options, CheckpointFile.Newest(folder.CheckpointsFolder)));
    }

    /// <summary>What is known of it before, and whether it is made longer now.</summary>
    private static IReadOnlyList<Lengthening>? Lengthened(SweepConfiguration? before, TrainOptions options, string? checkpoint)
    {
        if (checkpoint is null) return before?.Lengthened;
        CheckpointHeader header = CheckpointFile.ReadHeader(checkpoint);
        if (header.Steps >= options.Steps) return before?.Lengthened;
        var now = new Lengthening(header.Step, header.Steps);
        // One that has made no step since is known already.
        return before?.Lengthened is { Count: > 0 } earlier && earlier[^1] == now ? earlier : [.. before?.Lengthened ?? [], now];
    }

    private SweptRun Run(SweepConfiguration described, int i)
    {
        RunFolder folder = Folder.Run(names[i]);
        return new SweptRun(names[i], Configurations[i], Layers[i], folder, CheckpointFile.Newest(folder.CheckpointsFolder), described.Lengthened ?? []);
    }

    private void Each(Action<string, TrainOptions, int> visit)
    {
        for (int i = 0; i < Configurations.Count; i++) visit(names[i], Configurations[i], i);
    }
}
