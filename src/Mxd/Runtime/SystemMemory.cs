using System.Globalization;

namespace Mxd.Runtime;

/// <summary>The memory that this process may use, in bytes: the machine's, or less where a container or job limits it.</summary>
/// <param name="Total">All of it.</param>
/// <param name="Available">What can be taken now without swapping; caches that the system would give back count as available.</param>
public sealed record SystemMemory(long Total, long Available)
{
    private const long BytesPerKib = 1024;

    /// <summary>Reads the current state.</summary>
    public static SystemMemory Read() => OperatingSystem.IsLinux() ? ReadLinux("/") : ReadRuntime();

    /// <summary>Reads /proc/meminfo and the cgroup limits (version 1 and 2) under <paramref name="root"/>.</summary>
    internal static SystemMemory ReadLinux(string root)
    {
        Dictionary<string, long> machine = ProcFile.ReadNumbers(Path.Combine(root, "proc/meminfo"));
        if (!machine.TryGetValue("MemTotal", out long total)) return ReadRuntime();
        long available = machine.GetValueOrDefault("MemAvailable", machine.GetValueOrDefault("MemFree"));
        SystemMemory memory = new(total * BytesPerKib, available * BytesPerKib);

        foreach (CgroupMemory group in CgroupMemory.ReadAll(root))
            memory = new SystemMemory(Math.Min(memory.Total, group.Limit), Math.Min(memory.Available, group.Available));
        return memory;
    }

    // The runtime knows the machine's load only as of the last collection.
    private static SystemMemory ReadRuntime()
    {
        if (GC.GetGCMemoryInfo().Index == 0) GC.Collect(0);
        GCMemoryInfo info = GC.GetGCMemoryInfo();
        return new SystemMemory(info.TotalAvailableMemoryBytes, Math.Max(0, info.TotalAvailableMemoryBytes - info.MemoryLoadBytes));
    }

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{ByteSize.Format(Available)} of {ByteSize.Format(Total)} available");
}
