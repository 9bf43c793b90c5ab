using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests;

/// <summary>Counts tensor handles.</summary>
internal static class LiveTensors
{
    /// <summary>How many more handles are alive after <paramref name="work"/> than before, its own results included.</summary>
    public static long LeftBy<T>(Func<T> work)
    {
        // Handles that earlier code dropped without disposal must not be finalised in between; a finaliser may leave another to the next collection.
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        using DisposeScope scope = NewDisposeScope();
        long before = Tensor.TotalCount;
        T result = work();
        long left = Tensor.TotalCount - before;
        GC.KeepAlive(result);
        return left;
    }
}
