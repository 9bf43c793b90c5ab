using System.Runtime.InteropServices;
using Mxd.Runtime;

namespace Mxd.Tests.Runtime;

public sealed class PatchedLibraryTests
{
    private const string Name = "library.so";

    [Fact]
    public void Store_WritesOnce_AndReusesTheFile()
    {
        using TemporaryFolder folder = new();
        string first = PatchedLibrary.Store(folder.Path, Name, [1, 2, 3]);
        DateTime written = new(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        File.SetLastWriteTimeUtc(first, written);

        Assert.Equal(first, PatchedLibrary.Store(folder.Path, Name, [1, 2, 3]));
        Assert.Equal(written, File.GetLastWriteTimeUtc(first));
        Assert.NotEqual(first, PatchedLibrary.Store(folder.Path, Name, [1, 2, 4]));
    }

    [Theory]
    [InlineData(new byte[0])]
    [InlineData(new byte[] { 1, 2 })]
    [InlineData(new byte[] { 9, 9, 9 })]
    public void Store_ReplacesAFileWithOtherContents(byte[] found)
    {
        using TemporaryFolder folder = new();
        string path = PatchedLibrary.Store(folder.Path, Name, [1, 2, 3]);
        File.WriteAllBytes(path, found);

        Assert.Equal(path, PatchedLibrary.Store(folder.Path, Name, [1, 2, 3]));
        Assert.Equal([1, 2, 3], File.ReadAllBytes(path));
    }

    [Fact]
    public void Store_ByManyThreadsAtOnce_LeavesOneWholeFile_ThatWasNeverPartial()
    {
        byte[] contents = new byte[300_000];
        new Random(1).NextBytes(contents);
        for (int round = 0; round < 5; round++)
        {
            using TemporaryFolder folder = new();
            Parallel.For(0, 8, new ParallelOptions { MaxDegreeOfParallelism = 8 },
                _ => Assert.Equal(contents, File.ReadAllBytes(PatchedLibrary.Store(folder.Path, Name, contents))));
            Assert.Single(Directory.GetFileSystemEntries(folder.Path));
        }
    }

    [Fact]
    public void Load_LoadsACopyWithEveryFallback()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64, "The library is for x86-64 Linux.");
        LibTorch.Load();
        using TemporaryFolder folder = new();
        string path = PatchedLibrary.Store(folder.Path, Name, ElfPatch.Apply(ElfPatchTests.Bindings(), ElfPatch.Fallbacks));

        nint handle = NativeLibrary.Load(path);
        Assert.NotEqual(0, NativeLibrary.GetExport(handle, "THSTensor_data"));
        Assert.Contains(path, File.ReadAllText("/proc/self/maps"), StringComparison.Ordinal);
        // Not freed: unloading would run destructors that libtorch does not expect.
    }
}
