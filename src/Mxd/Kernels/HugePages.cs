using System.Runtime.InteropServices;

namespace Mxd.Kernels;

/// <summary>Without huge pages a pass over 64 MB misses the TLB at every 4 kB; Linux gives them to those who ask.</summary>
internal static unsafe partial class HugePages
{
    public const uint Size = 1 << 21;

    private const int Wanted = 14;

    /// <summary>Asks for huge pages; a system that has none goes on with small ones.</summary>
    public static void Advise(void* address, nuint bytes)
    {
        if (OperatingSystem.IsLinux()) _ = MemoryAdvise(address, bytes, Wanted);
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int MemoryAdvise(void* address, nuint length, int advice);
}
