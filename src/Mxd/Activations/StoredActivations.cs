using System.Diagnostics;
using Mxd.Formats;
using Mxd.LanguageModels;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Activations;

/// <summary>
/// Activations read from disk. Runs go through them in order, so one shard is open at a time. The system's cache keeps what was read, for all processes together.
/// </summary>
public sealed class StoredActivations : IActivationSource, IDisposable
{
    private readonly ActivationStore store;
    private readonly Lock oneAtATime = new();
    private (int Number, SafetensorsFile File)? open;
    private long tokens, ticks;

    internal StoredActivations(ActivationStore store, IReadOnlyList<HookPoint> points)
    {
        this.store = store;
        Points = points;
    }

    public IReadOnlyList<HookPoint> Points { get; }

    public long Width => store.Harvest.Model.Width;

    public ScalarType Dtype => store.Harvest.ScalarType;

    public int ContextLength => store.Harvest.Packing.Context;

    public long Tokens => Interlocked.Read(ref tokens);

    public TimeSpan Elapsed => TimeSpan.FromTicks(Interlocked.Read(ref ticks));

    /// <exception cref="Mxd.Runtime.MxdInputException">A file is missing or was altered.</exception>
    public ActivationRows Harvest(long first, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first, store.Harvest.Contexts - count);
        lock (oneAtATime)
        {
            long start = Stopwatch.GetTimestamp();
            using DisposeScope scope = NewDisposeScope();
            ActivationRows rows = store.Empty(Points, count);
            for (long done = 0; done < count;) done += Fill(rows, first, done, count);
            ActivationRows read = rows.Select(values => values.DetachFromDisposeScope());
            Interlocked.Add(ref tokens, read.Count);
            Interlocked.Add(ref ticks, Stopwatch.GetElapsedTime(start).Ticks);
            return read;
        }
    }

    public void Dispose() => open?.File.Dispose();

    /// <summary>Reads what one shard has of the contexts that are still to be read, and says how many those are.</summary>
    private long Fill(ActivationRows rows, long first, long done, long count)
    {
        using DisposeScope scope = NewDisposeScope();
        (int number, long place) = store.Find(first + done);
        long here = Math.Min(count - done, store.Manifest.Shards[number].Contexts - place);
        SafetensorsFile file = Shard(number);
        foreach (HookPoint point in Points)
            file.ReadRows(point.ToString(), place * ContextLength, rows[point].narrow(0, done * ContextLength, here * ContextLength));
        return here;
    }

    private SafetensorsFile Shard(int number)
    {
        if (open is { } current)
        {
            if (current.Number == number) return current.File;
            current.File.Dispose();
            open = null;
        }
        SafetensorsFile file = store.OpenVerified(store.Manifest.Shards[number]);
        open = (number, file);
        return file;
    }
}
