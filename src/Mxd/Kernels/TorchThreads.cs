using static TorchSharp.torch;

namespace Mxd.Kernels;

/// <summary>
/// libtorch's threads where <see cref="Workers"/> call it: each then works for itself, with no threads of libtorch's beside it. libtorch keeps the
/// number for each thread, and one for threads that have not called it yet.
/// </summary>
internal static class TorchThreads
{
    [ThreadStatic]
    private static bool isAlone;

    /// <summary>From now on libtorch does what this thread asks of it on this thread.</summary>
    public static void WorkAlone()
    {
        if (isAlone) return;
        set_num_threads(1);
        isAlone = true;
    }

    /// <summary>Undoes <see cref="WorkAlone"/> for the caller, and for threads that are new to libtorch, when it is disposed.</summary>
    public static IDisposable KeepForCaller() => new Restore(get_num_threads());

    private sealed class Restore(int count) : IDisposable
    {
        public void Dispose()
        {
            isAlone = false;
            set_num_threads(count);
        }
    }
}
