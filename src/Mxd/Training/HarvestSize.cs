using Mxd.LanguageModels;
using Mxd.Runtime;

namespace Mxd.Training;

/// <summary>How much a harvest writes, and into how many files.</summary>
/// <param name="Contexts">Contexts to train on.</param>
/// <param name="HeldOutContexts">Contexts to measure on, at most.</param>
/// <param name="ContextBytes">Bytes of a context.</param>
/// <param name="ShardContexts">Contexts of a shard: whole harvest batches, so that stopping changes none.</param>
public sealed record HarvestSize(long Contexts, long HeldOutContexts, long ContextBytes, long ShardContexts)
{
    /// <summary>Values' bytes; headers are a few hundred more a file.</summary>
    public long Bytes => checked((Contexts + HeldOutContexts) * ContextBytes);

    public long Shards => (Contexts + ShardContexts - 1) / ShardContexts;

    /// <summary>Bytes that are held in memory until they are written.</summary>
    public long LargestFile => checked(Math.Max(Math.Min(ShardContexts, Contexts), HeldOutContexts) * ContextBytes);

    /// <exception cref="MxdInputException">A shard would be smaller than a harvest batch, or there is more than can be counted.</exception>
    public static HarvestSize Of(HarvestOptions options, IReadOnlyList<HookPoint> points, ModelIdentity model)
    {
        try
        {
            long contextBytes = checked((long)points.Count * options.Context * model.Width * Dtypes.ByteCount(Dtypes.Parse(options.StoredDtype)));
            long shard = ByteSize.Parse(options.ShardBytes)!.Value / contextBytes / options.HarvestBatch * options.HarvestBatch;
            if (shard == 0)
                throw new MxdInputException($"--shard-bytes is {options.ShardBytes}, less than the {ByteSize.Format(checked(contextBytes * options.HarvestBatch))} of one harvest batch of {options.HarvestBatch} contexts: raise it, or lower --harvest-batch.");
            var size = new HarvestSize(options.Tokens / options.Context, options.ValidationContexts, contextBytes, shard);
            _ = size.Bytes + size.LargestFile;
            return size;
        }
        catch (OverflowException e)
        {
            throw new MxdInputException($"The harvest would be more than {ByteSize.Format(long.MaxValue)}: lower --tokens.", e);
        }
    }

    /// <summary>A line for each limit that the harvest would break.</summary>
    /// <param name="options">With the cap.</param>
    /// <param name="folder">Where it is to lie.</param>
    /// <param name="there">Bytes that are there already.</param>
    public IEnumerable<string> Problems(HarvestOptions options, string folder, long there)
    {
        long most = ByteSize.Parse(options.MaxBytes)!.Value, heldOut = checked(HeldOutContexts * ContextBytes);
        long tokens = Math.Max(0, (most - heldOut) / ContextBytes) * options.Context;
        if (Bytes > most)
            yield return $"The harvest takes {ByteSize.Format(Bytes)}, more than the {options.MaxBytes} of --max-bytes: lower --tokens to {tokens}, "
                + $"{(options.StoredDtype == "float32" ? "pass --dtype bfloat16, " : "")}or raise --max-bytes.";
        if (FreeBytes(folder) is { } free && Bytes - there > free)
            yield return $"The harvest takes {ByteSize.Format(Bytes - there)}, but the disk of {folder} has {ByteSize.Format(free)} free: lower --tokens, free some, or name another --out.";
    }

    /// <summary>Free bytes of the disk that a folder lies on, or would; null where the system does not say.</summary>
    private static long? FreeBytes(string folder)
    {
        string existing = Path.GetFullPath(folder);
        while (!Directory.Exists(existing) && Path.GetDirectoryName(existing) is { } parent) existing = parent;
        try
        {
            return new DriveInfo(existing).AvailableFreeSpace;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }
}
