using Mxd.Runtime;
using TorchSharp;

namespace Mxd.Tests.Runtime;

public sealed class ProcessMemoryTests
{
    private const long TensorBytes = 256_000_000, Slack = 64_000_000;

    [Fact]
    public void Current_SeesLibtorchsMemory_AndPeakKeepsIt()
    {
        LibTorch.Load();
        // What tests before left must not be given back in between.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        long before = ProcessMemory.Current, during;
        using (torch.ones(TensorBytes / sizeof(float)))
            during = ProcessMemory.Current;

        Assert.InRange(during - before, TensorBytes - Slack, TensorBytes + Slack);
        Assert.InRange(during - ProcessMemory.Current, TensorBytes - Slack, TensorBytes + Slack);
        // Linux notes the peak when memory is given back, from counters that lag behind by some pages.
        Assert.InRange(ProcessMemory.Peak, during - 4_000_000, long.MaxValue);
    }
}
