using Mxd.Runtime;
using TorchSharp;

namespace Mxd.Tests.Runtime;

public sealed class LibTorchTests
{
    [Fact]
    public void Load_GivesAWorkingTorch()
    {
        using var scope = torch.NewDisposeScope();
        LibTorch.Load();
        torch.Tensor product = torch.ones(3, 4).matmul(torch.ones(4, 5));
        Assert.Equal([3L, 5L], product.shape);
        Assert.Equal(60f, product.sum().item<float>());
    }

    [Fact]
    public void Load_FromManyThreadsAtOnce_Succeeds()
    {
        Parallel.For(0, 8, _ =>
        {
            LibTorch.Load();
            using torch.Tensor one = torch.ones(1);
            Assert.Equal(1f, one.item<float>());
        });
    }

    [Fact]
    public void Report_NamesWhatWasLoaded()
    {
        LibTorchReport report = LibTorch.Report;
        Assert.Null(report.Error);
        Assert.Equal(LibTorch.ExpectedVersion, report.LibTorchVersion);
        if (!OperatingSystem.IsLinux()) return;

        Assert.True(File.Exists(report.LibTorchPath), report.LibTorchPath);
        Assert.True(File.Exists(report.BindingsPath), report.BindingsPath);
        Assert.True(File.Exists(report.StandardLibraryPath), report.StandardLibraryPath);
        Assert.NotNull(report.HasGlibcxx3432);
    }

    [Fact]
    public void ExpectedVersion_IsTorchSharps() => Assert.Equal(Version.Parse(torch.__version__), Version.Parse(LibTorch.ExpectedVersion + ".0"));

    [Fact]
    public void Report_NamesAPatchedCopyExactlyWhereTheStandardLibraryIsOlder()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux has the versions that may be lacking.");
        LibTorchReport report = LibTorch.Report;
        Assert.Equal(report.HasGlibcxx3432 == false, report.PatchedCopyPath is not null);
    }

    [Fact]
    public void OnlyOneCopyOfEachLibraryIsLoaded()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The list of loaded libraries is Linux's.");
        LibTorch.Load();
        string[] loaded = [.. File.ReadLines("/proc/self/maps")
            .Where(line => line.Contains('/') && line.Contains("torch", StringComparison.OrdinalIgnoreCase) && line.Contains(".so", StringComparison.Ordinal))
            .Select(line => line[line.IndexOf('/')..])
            .Distinct()];
        Assert.Single(loaded, path => path.EndsWith("libtorch_cpu.so", StringComparison.Ordinal));
        Assert.Single(loaded, path => path.EndsWith("libLibTorchSharp.so", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("MKL_DYNAMIC", "FALSE")]
    [InlineData("OMP_DYNAMIC", "FALSE")]
    [InlineData("THP_MEM_ALLOC_ENABLE", "1")]
    public void LoadOnFirstUse_SetsWhatNativeLibrariesRead_UnlessTheUserDid(string name, string expected)
    {
        LibTorch.LoadOnFirstUse();
        Assert.Equal(Environment.GetEnvironmentVariable(name) is { Length: > 0 } chosen ? chosen : expected, NativeEnvironment.Get(name));
    }
}
