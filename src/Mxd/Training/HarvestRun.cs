using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Mxd.Activations;
using Mxd.LanguageModels;
using Mxd.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Training;

/// <summary>
/// Carries a <see cref="PreparedHarvest"/> out: held-out contexts first, then shard after shard in the order in which a run with that seed visits the
/// text, through the language model in that run's batches. Stopped at any point it goes on after its last whole file, to the same bytes.
/// </summary>
public sealed class HarvestRun
{
    private const string HeldOutName = "held-out.safetensors";

    private readonly PreparedHarvest harvest;
    private readonly IRunObserver observer;
    private readonly CancellationToken cancellation;
    private readonly Stopwatch total = Stopwatch.StartNew();
    private readonly Stopwatch inModel = new();
    private readonly IReadOnlyList<HookPoint> points;
    private HarvestProgress progress;
    private long tokens;

    private HarvestRun(PreparedHarvest harvest, IRunObserver observer, CancellationToken cancellation)
    {
        (this.harvest, this.observer, this.cancellation) = (harvest, observer, cancellation);
        points = Facts.ReadPoints();
        progress = harvest.Progress ?? new HarvestProgress(harvest.Options, Facts, Shards: []);
    }

    private HarvestFacts Facts => harvest.Facts;

    private string Folder => harvest.Folder.Path;

    private int Context => Facts.Packing.Context;

    /// <summary>Harvests what is not there yet.</summary>
    /// <exception cref="OperationCanceledException">It was stopped; whole files are kept.</exception>
    public static HarvestResult Execute(PreparedHarvest harvest, IRunObserver observer, CancellationToken cancellation = default)
    {
        var run = new HarvestRun(harvest, observer, cancellation);
        return run.Result(harvest.Complete ?? run.Execute());
    }

    private StoreManifest Execute()
    {
        harvest.Enter();
        if (harvest.Progress is not null)
        {
            observer.Begin("Checking what is there", 0, "");
            List<string> notes = [];
            progress = (progress with { Harvest = Facts }).Verified(Folder, notes, cancellation);
            foreach (string note in notes) observer.Note(note);
        }
        progress.Save(Folder);
        if (progress.HeldOut is null || progress.Shards.Count < harvest.Size.Shards) HarvestTheRest();
        var manifest = new StoreManifest(StoreManifest.CurrentFormat, RunDescription.CurrentVersion, Facts, progress.HeldOut!, progress.Shards);
        AtomicFile.WriteAllText(Path.Combine(Folder, StoreManifest.FileName), JsonSerializer.Serialize(manifest, Json.Indented));
        HarvestProgress.Remove(Folder);
        return manifest;
    }

    private void HarvestTheRest()
    {
        observer.Begin("Loading the language model", 0, "layers");
        using LanguageModel model = harvest.TakeModel(cancellation);
        var harvester = new Harvester(model, points);
        long shardContexts = harvest.Size.ShardContexts, done = Math.Min(progress.Shards.Count * shardContexts, Facts.Contexts);
        long toDo = Facts.Contexts - done + (progress.HeldOut is null ? Facts.HeldOutContexts : 0);
        observer.Begin("Harvesting", toDo * Context, "tokens");
        if (progress.HeldOut is null)
        {
            PackedContexts text = harvest.Data.HeldOut;
            Write(HeldOutName, text.Count, (first, count) => harvester.Harvest(text.ToTensor(Enumerable.Range(0, count).Select(i => first + i))), file => progress with { HeldOut = file });
        }
        var source = new ActivationSource(harvester, harvest.Data.Text, new ContextOrder(harvest.Data.Text.Count, Facts.Seed));
        for (; done < Facts.Contexts; done += shardContexts)
        {
            long start = done;
            string name = string.Create(CultureInfo.InvariantCulture, $"activations-{progress.Shards.Count + 1:d5}-of-{harvest.Size.Shards:d5}.safetensors");
            Write(name, Math.Min(shardContexts, Facts.Contexts - done), (first, count) => source.Harvest(start + first, count), file => progress with { Shards = [.. progress.Shards, file] });
        }
    }

    /// <summary>Harvests contexts into a file, and says in the folder that it is there.</summary>
    private void Write(string name, long contexts, Func<long, int, ActivationRows> read, Func<StoredFile, HarvestProgress> add)
    {
        using DisposeScope scope = NewDisposeScope();
        using var rows = new ActivationRows(points, [.. points.Select(_ => empty(contexts * Context, Facts.Model.Width, dtype: Dtypes.Parse(Facts.Dtype)))]);
        for (long done = 0; done < contexts; done += Facts.HarvestBatch)
        {
            cancellation.ThrowIfCancellationRequested();
            using DisposeScope one = NewDisposeScope();
            inModel.Start();
            using ActivationRows harvested = read(done, (int)Math.Min(Facts.HarvestBatch, contexts - done));
            foreach (HookPoint point in points) rows[point].narrow(0, done * Context, harvested.Count).copy_(harvested[point]);
            inModel.Stop();
            observer.Advance(tokens += harvested.Count);
        }
        progress = add(StoredFile.Write(Folder, name, rows, Context));
        progress.Save(Folder);
    }

    private HarvestResult Result(StoreManifest manifest) => new(
        Folder,
        manifest.Fingerprint(),
        Facts.Tokens,
        Facts.HeldOutContexts * Context,
        manifest.Bytes,
        manifest.Shards.Count,
        tokens / total.Elapsed.TotalSeconds,
        tokens == 0 ? 0 : tokens / inModel.Elapsed.TotalSeconds,
        total.Elapsed.TotalSeconds);
}
