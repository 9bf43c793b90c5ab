using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace Mxd.Benchmarks.Micro;

/// <summary>
/// Each kernel alone, by BenchmarkDotNet. In this process: the kernels have native memory and threads of their own that last, and nothing is built anew.
/// </summary>
internal static class MicroBenchmarks
{
    private static readonly Type[] all = [typeof(GateBenchmarks), typeof(UnitBenchmarks), typeof(HiddenBenchmarks)];

    /// <param name="filter">Such as <c>*Gate*</c>; everything where it is absent.</param>
    public static void Run(string? filter)
    {
        IConfig config = DefaultConfig.Instance
            .AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance))
            .WithArtifactsPath(Path.Combine(Path.GetTempPath(), "mxd-benchmarks"));
        BenchmarkSwitcher.FromTypes(all).Run(["--filter", filter ?? "*"], config);
    }
}
