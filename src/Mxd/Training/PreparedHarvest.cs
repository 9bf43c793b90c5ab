using System.Diagnostics;
using System.Text.Json;
using Mxd.Activations;
using Mxd.Corpora;
using Mxd.LanguageModels;
using Mxd.Runtime;

namespace Mxd.Training;

/// <summary>A harvest whose every input has been checked, and whose text is read, before anything is written.</summary>
public sealed class PreparedHarvest : IDisposable
{
    /// <summary>Files may have moved; the cap decides nothing that is written.</summary>
    private static readonly HashSet<string> free =
        [nameof(HarvestOptions.Model), nameof(HarvestOptions.Text), nameof(HarvestOptions.Validation), nameof(HarvestOptions.MaxBytes)];

    /// <summary>A complete harvest does not know how it was asked for: nothing of this changes what it holds, and its files are cut already.</summary>
    private static readonly HashSet<string> forgotten =
        [.. free, nameof(HarvestOptions.ShardBytes), nameof(HarvestOptions.Device), nameof(HarvestOptions.Input), nameof(HarvestOptions.Output)];

    private readonly ModelFile? file;
    private readonly LoadingModel? loading;
    private readonly TrainingData? data;
    private IDisposable? held;

    private PreparedHarvest(RunFolder folder, HarvestOptions options, HarvestSize size, StoreManifest complete) =>
        (Folder, Options, Size, Facts, Complete) = (folder, options, size, complete.Harvest, complete);

    private PreparedHarvest(
        RunFolder folder, HarvestOptions options, HarvestSize size, HarvestFacts facts, ModelFile file, LoadingModel loading, TrainingData data, HarvestProgress? progress)
    {
        (Folder, Options, Size, Facts) = (folder, options, size, facts);
        (this.file, this.loading, this.data, Progress) = (file, loading, data, progress);
    }

    public HarvestOptions Options { get; }

    public HarvestSize Size { get; }

    /// <summary>What will be on disk.</summary>
    public HarvestFacts Facts { get; }

    /// <summary>Bytes that are there already, of a harvest that goes on.</summary>
    public long BytesThere => Complete?.Bytes ?? Progress?.Bytes() ?? 0;

    /// <summary>The manifest of a harvest that was complete already.</summary>
    public StoreManifest? Complete { get; }

    internal RunFolder Folder { get; }

    internal HarvestProgress? Progress { get; }

    internal TrainingData Data => data ?? throw new UnreachableException();

    /// <summary>The options of a harvest that was stopped, or is complete.</summary>
    /// <exception cref="MxdInputException">There is none in that folder.</exception>
    public static HarvestOptions ReadOptions(string folder)
    {
        if (File.Exists(Path.Combine(folder, StoreManifest.FileName))) return Of(StoreManifest.Read(folder));
        return HarvestProgress.Find(folder)?.Options
            ?? throw new MxdInputException($"{folder} holds no harvest that could go on (it has neither {HarvestProgress.FileName} nor {StoreManifest.FileName}): leave --resume out to begin one.");
    }

    /// <summary>Checks a new harvest.</summary>
    /// <exception cref="MxdInputException">Everything that is wrong, a line each.</exception>
    public static PreparedHarvest New(HarvestOptions options, string folder, IRunObserver observer, CancellationToken cancellation = default)
    {
        var problems = new ProblemList();
        foreach (string problem in options.Problems()) problems.Add(problem);
        var place = new RunFolder(folder);
        if (place.IsTaken) problems.Add($"{folder} exists already: name another --out, go on with it by --resume, or remove it.");
        else if (place.WhyNotWritable() is { } obstacle) problems.Add(obstacle);
        if (options.Text.Concat(options.Validation).Any(TextFiles.IsOnHub)) problems.ThrowIfAny();
        var downloads = new ObservedDownloads(observer);
        HarvestOptions pinned = options with
        {
            Text = TextFiles.Pin(options.Text, downloads, cancellation),
            Validation = TextFiles.Pin(options.Validation, downloads, cancellation),
        };
        return Prepare(pinned, place, problems, progress: null, observer, cancellation);
    }

    /// <summary>Checks that a harvest can go on, and keeps other processes from it.</summary>
    /// <exception cref="MxdInputException">Everything that is wrong, a line each.</exception>
    public static PreparedHarvest Resume(HarvestOptions options, string folder, IRunObserver observer, CancellationToken cancellation = default)
    {
        ReadOptions(folder);
        var place = new RunFolder(folder);
        IDisposable held = place.Enter();
        try
        {
            PreparedHarvest harvest = Resume(options, place, observer, cancellation);
            harvest.held = held;
            return harvest;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Makes the folder and keeps other processes from it until this is disposed.</summary>
    internal void Enter()
    {
        if (held is not null) return;
        held = Folder.Enter();
        if (Folder.IsTaken) throw new MxdInputException($"{Folder.Path} exists already: name another --out, go on with it by --resume, or remove it.");
    }

    internal LanguageModel TakeModel(CancellationToken cancellation) => loading!.Take(cancellation);

    public void Dispose()
    {
        loading?.Dispose();
        file?.Dispose();
        held?.Dispose();
    }

    private static PreparedHarvest Resume(HarvestOptions options, RunFolder folder, IRunObserver observer, CancellationToken cancellation)
    {
        HarvestOptions saved = ReadOptions(folder.Path);
        options = options with { Text = PinnedText.As(options.Text, saved.Text), Validation = PinnedText.As(options.Validation, saved.Validation) };
        if (File.Exists(Path.Combine(folder.Path, StoreManifest.FileName))) return Whole(options, saved, folder);
        var problems = new ProblemList();
        foreach (string change in ResumeRules.Changes(saved, options, free, "harvest")) problems.Add(change);
        problems.ThrowIfAny();
        HarvestProgress progress = HarvestProgress.Find(folder.Path)!;
        PreparedHarvest harvest = Prepare(options, folder, problems, progress, observer, cancellation);
        foreach (string line in Changed(progress.Harvest, harvest.Facts)) problems.Add(line);
        if (!problems.IsEmpty) harvest.Dispose();
        problems.ThrowIfAny();
        return harvest;
    }

    /// <summary>A harvest that is complete: asked for in other words it is the same, where it holds what they ask for.</summary>
    private static PreparedHarvest Whole(HarvestOptions options, HarvestOptions saved, RunFolder folder)
    {
        ActivationStore store = ActivationStore.Open(folder.Path);
        HarvestFacts harvest = store.Harvest;
        // Only whole contexts are harvested: 1,000,000 tokens of contexts of 128 are 999,936.
        bool isAsLong = options.Tokens / harvest.Packing.Context == harvest.Contexts;
        var problems = new ProblemList();
        foreach (string change in ResumeRules.Changes(saved, isAsLong ? options with { Tokens = saved.Tokens } : options, forgotten, "harvest")) problems.Add(change);
        foreach ((string option, string name) in options.Input.Select(name => ("--input", name)).Concat(options.Output.Select(name => ("--output", name))))
            problems.Collect(() =>
            {
                if (HookPoint.Parse(name) is var point && !harvest.Points.Contains($"{point}"))
                    throw new MxdInputException($"{option} is {point}, but the harvest is of {string.Join(", ", harvest.Points)}: leave {option} out to go on, or begin another harvest.");
            });
        problems.ThrowIfAny();
        HarvestProgress.Remove(folder.Path);
        return new PreparedHarvest(folder, options, new HarvestSize(harvest.Contexts, harvest.HeldOutContexts, harvest.ContextBytes, store.Manifest.Shards[0].Contexts), store.Manifest);
    }

    private static IEnumerable<string> Changed(HarvestFacts began, HarvestFacts now)
    {
        if (now.Model with { Id = "" } != began.Model with { Id = "" })
            yield return $"--model {now.Model.Id} has the weights {now.Model.WeightsHash}, but the harvest began with {began.Model.WeightsHash}: put that file back, or begin another harvest.";
        if (now.Text.Fingerprint != began.Text.Fingerprint)
            yield return $"--text has the fingerprint {now.Text.Fingerprint}, but the harvest began with {began.Text.Fingerprint}: put those files back, or begin another harvest.";
        if (now.Text.ValidationFingerprint != began.Text.ValidationFingerprint)
            yield return $"--validation has the fingerprint {now.Text.ValidationFingerprint}, but the harvest began with {began.Text.ValidationFingerprint}: put those files back, or begin another harvest.";
        if (Plain(now) != Plain(began))
            yield return "The harvest's options mean something else to this version of mxd than to the one which began it: go on with that version, or begin another harvest.";
    }

    /// <summary>Facts as text that can be compared, without what the lines before are about.</summary>
    private static string Plain(HarvestFacts facts) => JsonSerializer.Serialize(
        facts with
        {
            Model = facts.Model with { Id = "", WeightsHash = "" },
            Text = facts.Text with { Files = [], Validation = [], Fingerprint = "", ValidationFingerprint = null, Contexts = 0, BadRows = 0 },
            HeldOutContexts = 0,
        },
        Json.Compact);

    private static PreparedHarvest Prepare(
        HarvestOptions options, RunFolder folder, ProblemList problems, HarvestProgress? progress, IRunObserver observer, CancellationToken cancellation)
    {
        var downloads = new ObservedDownloads(observer);
        foreach (IReadOnlyList<string> files in new[] { options.Text, options.Validation })
            if (files.Count > 0) problems.Collect(() => TextFiles.Check(files, options.TextField, options.SkipBad, downloads, cancellation: cancellation));
        problems.Collect(() => { Devices.Parse(options.Device); });
        if (ModelFile.IsOnHub(options.Model)) problems.ThrowIfAny();
        ModelFile? model = problems.Collect(() => ModelFile.Open(options.Model, downloads, cancellation));
        HarvestSize? size = null;
        if (model is not null)
        {
            foreach (int layer in options.Layers.Where(layer => layer >= 0)) problems.Collect(() => { model.CheckLayer(layer); });
            problems.Collect(() => model.CheckContext(options.Context));
            problems.Collect(model.CheckWeights);
            if (problems.IsEmpty) size = problems.Collect(() => CheckSize(options, model, folder.Path, progress, problems));
        }
        if (!problems.IsEmpty) model?.Dispose();
        problems.ThrowIfAny();
        return Read(options, folder, model!, size!, progress, observer, cancellation);
    }

    private static HarvestSize CheckSize(HarvestOptions options, ModelFile model, string folder, HarvestProgress? progress, ProblemList problems)
    {
        IReadOnlyList<HookPoint> points = options.ReadPoints();
        foreach (HookPoint point in points.Where(point => point.Layer >= model.Config.Layers))
            problems.Add($"Hook point {point} is in layer {point.Layer}, but the model has {model.Config.Layers} layers: choose one from 0 to {model.Config.Layers - 1}.");
        HarvestSize size = HarvestSize.Of(options, points, model.Identity);
        foreach (string problem in size.Problems(options, folder, progress?.Bytes() ?? 0)) problems.Add(problem);
        long weights = model.Config.ParameterCount * Dtypes.ByteCount(Dtypes.Parse(options.ModelDtype)), memory = Machine.Describe().Memory.Total;
        problems.AddIf(
            weights + size.LargestFile > memory,
            $"The harvest needs {ByteSize.Format(weights)} of memory for the language model and {ByteSize.Format(size.LargestFile)} for a file of activations, but this machine has {ByteSize.Format(memory)}: pass --model-dtype bfloat16, or lower --shard-bytes or --validation-contexts.");
        return size;
    }

    private static PreparedHarvest Read(
        HarvestOptions options, RunFolder folder, ModelFile model, HarvestSize size, HarvestProgress? progress, IRunObserver observer, CancellationToken cancellation)
    {
        LoadingModel? loading = null;
        try
        {
            loading = new LoadingModel(reported => model.Load(Dtypes.Parse(options.ModelDtype), Devices.Parse(options.Device), reported));
            TrainingData data = TrainingData.Load(options.ToTrainOptions(), model.Tokenizer, progress?.Harvest.Text.Contexts, observer, cancellation);
            HarvestFacts facts = Describe(options, model, size, data);
            return new PreparedHarvest(folder, options, size with { HeldOutContexts = facts.HeldOutContexts }, facts, model, loading, data, progress);
        }
        catch
        {
            loading?.Dispose();
            model.Dispose();
            throw;
        }
    }

    private static HarvestFacts Describe(HarvestOptions options, ModelFile model, HarvestSize size, TrainingData data) => new(
        model.Identity,
        options.ModelDtype,
        options.StoredDtype,
        options.Layers,
        [.. options.ReadPoints().Select(point => point.ToString())],
        new HarvestedText(
            options.Text, options.TextField, options.SkipBad, data.Description.BadRows, data.Description.Text, data.Text.Count,
            options.Validation, options.HeldOut, options.ValidationContexts, data.Description.Validation),
        new HarvestedPacking(options.Context, model.Tokenizer.Separator, model.Tokenizer.FirstToken),
        options.Seed,
        options.HarvestBatch,
        size.Contexts,
        data.HeldOut.Count);

    /// <summary>The options that a complete harvest followed from, as far as they can be told.</summary>
    private static HarvestOptions Of(StoreManifest manifest)
    {
        HarvestFacts harvest = manifest.Harvest;
        return new HarvestOptions
        {
            Model = harvest.Model.Id,
            Layer = [.. harvest.Layers.Select(layer => FormattableString.Invariant($"{layer}"))],
            Text = harvest.Text.Files,
            Validation = harvest.Text.Validation,
            TextField = harvest.Text.Field,
            SkipBad = harvest.Text.SkipBad,
            HeldOut = harvest.Text.HeldOut,
            Tokens = harvest.Tokens,
            Dtype = harvest.Dtype,
            Context = harvest.Packing.Context,
            ModelDtype = harvest.ModelDtype,
            HarvestBatch = harvest.HarvestBatch,
            ValidationContexts = harvest.Text.ValidationContexts,
            Seed = harvest.Seed,
        };
    }
}
