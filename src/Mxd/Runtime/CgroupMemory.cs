using System.Globalization;

namespace Mxd.Runtime;

/// <summary>What one control group of Linux allows the processes in it, in bytes.</summary>
/// <param name="Limit">The most they may use together.</param>
/// <param name="Available">What is left of it; file caches that the kernel drops first count as left.</param>
internal sealed record CgroupMemory(long Limit, long Available)
{
    /// <summary>
    /// The limits of this process's group and the groups above it. A container often sees its own group as the root of the file system,
    /// whatever path /proc/self/cgroup names; hence every folder on the way up that exists counts.
    /// </summary>
    public static IEnumerable<CgroupMemory> ReadAll(string root)
    {
        foreach (string line in ProcFile.ReadLines(Path.Combine(root, "proc/self/cgroup")))
        {
            string[] parts = line.Split(':', 3);
            if (parts.Length < 3) continue;
            string[] controllers = parts[1].Split(',');
            bool second = parts[0] == "0" && parts[1].Length == 0;
            if (!second && !controllers.Contains("memory")) continue;
            string mount = Path.Combine(root, second ? "sys/fs/cgroup" : "sys/fs/cgroup/memory");
            foreach (string folder in Upwards(mount, parts[2]))
                if ((second ? ReadSecond(folder) : ReadFirst(folder)) is { } memory) yield return memory;
        }
    }

    private static CgroupMemory? ReadSecond(string folder) => Read(folder, "memory.max", "memory.current", "inactive_file");

    private static CgroupMemory? ReadFirst(string folder) => Read(folder, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file");

    private static CgroupMemory? Read(string folder, string limitFile, string usageFile, string cacheKey)
    {
        // "max" (version 2) is not a number: no limit.
        if (ReadNumber(Path.Combine(folder, limitFile)) is not { } limit) return null;
        long cache = ProcFile.ReadNumbers(Path.Combine(folder, "memory.stat")).GetValueOrDefault(cacheKey);
        long used = Math.Max(0, (ReadNumber(Path.Combine(folder, usageFile)) ?? 0) - cache);
        return new CgroupMemory(limit, Math.Max(0, limit - used));
    }

    private static IEnumerable<string> Upwards(string mount, string path)
    {
        for (string inside = path.Trim('/'); inside.Length > 0; inside = inside[..Math.Max(0, inside.LastIndexOf('/'))])
            yield return Path.Combine(mount, inside);
        yield return mount;
    }

    private static long? ReadNumber(string path) =>
        ProcFile.ReadLines(path) is [var text, ..] && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value) ? value : null;
}
