using Mxd.Formats;
using Mxd.LanguageModels;
using Mxd.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Activations;

/// <summary>
/// Paired activations on disk, made by one pass of a language model over a text: a folder with a manifest (<see cref="StoreManifest"/>) and
/// safetensors files. When it is opened every file's length and header are checked; a file's hash is, when the first of its rows are read. Any number of
/// processes may read the same folder.
/// </summary>
public sealed class ActivationStore
{
    private readonly HashSet<string> verified = [];
    private readonly long[] firsts;

    private ActivationStore(string folder, StoreManifest manifest)
    {
        Folder = folder;
        Manifest = manifest;
        Fingerprint = manifest.Fingerprint();
        long first = 0;
        firsts = [.. manifest.Shards.Select(shard => (first += shard.Contexts) - shard.Contexts)];
    }

    public string Folder { get; }

    public StoreManifest Manifest { get; }

    public HarvestFacts Harvest => Manifest.Harvest;

    /// <summary>Equal for equal activations, wherever they lie: see <see cref="StoreManifest.Fingerprint"/>.</summary>
    public string Fingerprint { get; }

    /// <summary>Opens a folder that <c>mxd harvest</c> made.</summary>
    /// <exception cref="MxdInputException">It is none, is not complete, or a file is missing, cut short or another: a line for each.</exception>
    public static ActivationStore Open(string folder)
    {
        StoreManifest manifest = StoreManifest.Read(folder);
        var problems = new ProblemList();
        foreach (StoredFile file in (StoredFile[])[manifest.HeldOut, .. manifest.Shards])
            problems.Collect(() => file.Open(folder, manifest.Harvest).Dispose());
        problems.ThrowIfAny();
        return new ActivationStore(folder, manifest);
    }

    /// <summary>Rows of some of the hook points, in the order of the harvest.</summary>
    /// <exception cref="MxdInputException">One of the points was not harvested.</exception>
    public StoredActivations Read(IEnumerable<HookPoint> points) => new(this, RequirePoints(points));

    /// <summary>Held-out rows: those of the first <paramref name="contexts"/> contexts.</summary>
    /// <exception cref="MxdInputException">A point was not harvested, or the file was altered.</exception>
    public ActivationRows ReadHeldOut(IEnumerable<HookPoint> points, long contexts)
    {
        HookPoint[] read = RequirePoints(points);
        using SafetensorsFile file = OpenVerified(Manifest.HeldOut);
        using DisposeScope scope = NewDisposeScope();
        ActivationRows rows = Empty(read, contexts);
        foreach (HookPoint point in read) file.ReadRows(point.ToString(), 0, rows[point]);
        return rows.Select(values => values.DetachFromDisposeScope());
    }

    /// <summary>Where a context lies: the number of its shard, and its place in that.</summary>
    internal (int Shard, long Place) Find(long context)
    {
        int found = Array.BinarySearch(firsts, context);
        int shard = found < 0 ? ~found - 1 : found;
        return (shard, context - firsts[shard]);
    }

    /// <summary>Opens a file whose hash has been compared, now or before.</summary>
    internal SafetensorsFile OpenVerified(StoredFile file)
    {
        SafetensorsFile opened = file.Open(Folder, Harvest);
        try
        {
            lock (verified)
                if (!verified.Contains(file.File))
                {
                    file.Verify(opened);
                    verified.Add(file.File);
                }
            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>Room for rows of so many contexts.</summary>
    internal ActivationRows Empty(IReadOnlyList<HookPoint> points, long contexts) =>
        new(points, [.. points.Select(_ => empty(contexts * Harvest.Packing.Context, Harvest.Model.Width, dtype: Harvest.ScalarType))]);

    private HookPoint[] RequirePoints(IEnumerable<HookPoint> points)
    {
        HookPoint[] read = [.. points.Distinct()];
        foreach (HookPoint point in read.Where(point => !Harvest.Points.Contains(point.ToString())))
            throw new MxdInputException($"{Folder} has no activations of hook point {point}; there are {string.Join(", ", Harvest.Points)}: choose from them, or harvest that point.");
        return read;
    }
}
