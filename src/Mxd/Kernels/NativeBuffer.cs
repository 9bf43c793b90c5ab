using System.Runtime.InteropServices;

namespace Mxd.Kernels;

/// <summary>
/// Memory outside the garbage collector's that kernels write into again and again: it grows and never shrinks, so that a steady state
/// allocates nothing and touches no new page. Values are not cleared.
/// </summary>
internal sealed unsafe class NativeBuffer<T> : IDisposable
    where T : unmanaged
{
    private const uint CacheLine = 64;
    private T* data;
    private long capacity;

    /// <summary>Room for <paramref name="count"/> values, at the same place as last time unless it had to grow.</summary>
    public T* Ensure(long count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (count <= capacity) return data;
        Free();
        nuint bytes = checked((nuint)count * (nuint)sizeof(T));
        bool large = bytes >= 2 * HugePages.Size;
        data = (T*)NativeMemory.AlignedAlloc(bytes, large ? HugePages.Size : CacheLine);
        capacity = count;
        if (large) HugePages.Advise(data, bytes);
        return data;
    }

    public void Dispose() => Free();

    private void Free()
    {
        if (data is not null) NativeMemory.AlignedFree(data);
        data = null;
        capacity = 0;
    }
}
