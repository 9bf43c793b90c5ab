using System.Runtime.Intrinsics.X86;
using System.Text.Json;
using Mxd.Runtime;
using TorchSharp;

namespace Mxd.Tests.Runtime;

public sealed class MachineTests
{
    [Fact]
    public void Describe_KnowsThisMachine()
    {
        Machine machine = Machine.Describe();
        Assert.NotEmpty(machine.OperatingSystem);
        Assert.Equal(Environment.ProcessorCount, machine.Processor.LogicalCores);
        Assert.Equal(torch.get_num_threads(), machine.TorchThreads);
        Assert.Equal(LibTorch.ExpectedVersion, machine.LibTorchVersion);
        Assert.Equal(Devices.Available(), machine.TorchDevices);
        Assert.StartsWith(".NET 10", machine.DotNetVersion, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', machine.ToString());
    }

    [Fact]
    public void Processor_AgreesWithLinux()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && X86Base.IsSupported, "/proc/cpuinfo's names are those of x86 Linux.");
        string[] lines = File.ReadAllLines("/proc/cpuinfo");
        string[] flags = lines.First(line => line.StartsWith("flags", StringComparison.Ordinal)).Split(' ');
        Processor processor = Processor.Describe();

        Assert.Contains(processor.Model, lines.First(line => line.StartsWith("model name", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Equal(flags.Contains("avx2"), processor.Features.Contains("AVX2"));
        Assert.Equal(flags.Contains("avx512f"), processor.Features.Contains("AVX-512F"));
        Assert.Equal(flags.Contains("avx512_bf16"), processor.Features.Contains("AVX512-BF16"));
        Assert.Equal(flags.Contains("amx_bf16"), processor.Features.Contains("AMX-BF16"));
    }

    [Fact]
    public void Describe_SurvivesJson()
    {
        Machine machine = Machine.Describe();
        string json = JsonSerializer.Serialize(machine);
        Assert.Equal(json, JsonSerializer.Serialize(JsonSerializer.Deserialize<Machine>(json)));
        Assert.Contains("\"LogicalCores\":", json, StringComparison.Ordinal);
    }
}
