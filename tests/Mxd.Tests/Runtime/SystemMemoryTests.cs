using Mxd.Runtime;

namespace Mxd.Tests.Runtime;

public sealed class SystemMemoryTests
{
    private const string Meminfo = "MemTotal:       24000000 kB\nMemFree:         1000000 kB\nMemAvailable:   20000000 kB\n";

    [Fact]
    public void Read_GivesThisMachinesMemory()
    {
        SystemMemory memory = SystemMemory.Read();
        Assert.InRange(memory.Available, 1, memory.Total);
        Assert.InRange(memory.Total, ProcessMemory.Current, long.MaxValue);
    }

    [Fact]
    public void ReadLinux_WithoutLimits_IsTheMachines()
    {
        using TemporaryFolder root = Linux("0::/\n");
        Assert.Equal(new SystemMemory(24_576_000_000, 20_480_000_000), SystemMemory.ReadLinux(root.Path));
    }

    [Fact]
    public void ReadLinux_WithoutAvailable_TakesFree()
    {
        using TemporaryFolder root = Linux("", "MemTotal: 2000 kB\nMemFree: 500 kB\n");
        Assert.Equal(new SystemMemory(2_048_000, 512_000), SystemMemory.ReadLinux(root.Path));
    }

    [Fact]
    public void ReadLinux_HonoursVersion2_AndCountsFileCachesAsAvailable()
    {
        using TemporaryFolder root = Linux("0::/app\n");
        Write(root, "sys/fs/cgroup/app/memory.max", "8000000000");
        Write(root, "sys/fs/cgroup/app/memory.current", "3000000000");
        Write(root, "sys/fs/cgroup/app/memory.stat", "anon 1\ninactive_file 500000000\n");
        Assert.Equal(new SystemMemory(8_000_000_000, 5_500_000_000), SystemMemory.ReadLinux(root.Path));
    }

    [Fact]
    public void ReadLinux_HonoursTheTightestGroupOnTheWayUp()
    {
        using TemporaryFolder root = Linux("0::/outer/inner\n");
        Write(root, "sys/fs/cgroup/outer/inner/memory.max", "max");
        Write(root, "sys/fs/cgroup/outer/inner/memory.current", "1");
        Write(root, "sys/fs/cgroup/outer/memory.max", "4000000000");
        Write(root, "sys/fs/cgroup/outer/memory.current", "4500000000");
        Assert.Equal(new SystemMemory(4_000_000_000, 0), SystemMemory.ReadLinux(root.Path));
    }

    [Fact]
    public void ReadLinux_HonoursVersion1_WhereTheContainerSeesItsGroupAsTheRoot()
    {
        using TemporaryFolder root = Linux("5:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n0::/\n");
        Write(root, "sys/fs/cgroup/memory/memory.limit_in_bytes", "6000000000");
        Write(root, "sys/fs/cgroup/memory/memory.usage_in_bytes", "2000000000");
        Write(root, "sys/fs/cgroup/memory/memory.stat", "total_inactive_file 1000000000\n");
        Assert.Equal(new SystemMemory(6_000_000_000, 5_000_000_000), SystemMemory.ReadLinux(root.Path));
    }

    [Fact]
    public void ReadLinux_WithVersion1sNoLimit_IsTheMachines()
    {
        using TemporaryFolder root = Linux("4:memory:/\n");
        Write(root, "sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712");
        Write(root, "sys/fs/cgroup/memory/memory.usage_in_bytes", "7000000000");
        Assert.Equal(new SystemMemory(24_576_000_000, 20_480_000_000), SystemMemory.ReadLinux(root.Path));
    }

    [Fact]
    public void ReadLinux_WhereNothingCanBeRead_AsksTheRuntime()
    {
        using TemporaryFolder root = new();
        Assert.Equal(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, SystemMemory.ReadLinux(root.Path).Total);
    }

    private static TemporaryFolder Linux(string cgroup, string meminfo = Meminfo)
    {
        TemporaryFolder root = new();
        Write(root, "proc/meminfo", meminfo);
        Write(root, "proc/self/cgroup", cgroup);
        return root;
    }

    private static void Write(TemporaryFolder root, string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(root.File(path))!);
        File.WriteAllText(root.File(path), text);
    }
}
