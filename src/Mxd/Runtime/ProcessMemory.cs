using System.Diagnostics;

namespace Mxd.Runtime;

/// <summary>The physical memory that this process holds, libtorch's included, in bytes.</summary>
public static class ProcessMemory
{
    /// <summary>The most it has held since it started.</summary>
    public static long Peak => Read("VmHWM", process => Math.Max(process.PeakWorkingSet64, process.WorkingSet64));

    /// <summary>What it holds now.</summary>
    public static long Current => Read("VmRSS", process => process.WorkingSet64);

    private static long Read(string key, Func<Process, long> otherwise)
    {
        if (OperatingSystem.IsLinux() && ProcFile.ReadNumbers("/proc/self/status").TryGetValue(key, out long kib)) return kib * 1024;
        using Process process = Process.GetCurrentProcess();
        return otherwise(process);
    }
}
