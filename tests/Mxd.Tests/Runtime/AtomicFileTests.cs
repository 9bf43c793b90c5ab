using Mxd.Runtime;

namespace Mxd.Tests.Runtime;

public sealed class AtomicFileTests
{
    [Fact]
    public void Write_MakesTheFolder_AndLeavesOnlyTheFile()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("a/b/file.bin");
        AtomicFile.Write(path, stream => stream.Write([1, 2, 3]));
        Assert.Equal([1, 2, 3], File.ReadAllBytes(path));
        Assert.Single(Directory.GetFileSystemEntries(folder.File("a/b")));
    }

    [Fact]
    public void Write_ReplacesALongerFile()
    {
        using TemporaryFolder folder = new();
        AtomicFile.WriteAllText(folder.File("file"), "a longer text");
        AtomicFile.WriteAllText(folder.File("file"), "short ✓");
        Assert.Equal("short ✓"u8.ToArray(), File.ReadAllBytes(folder.File("file")));
    }

    [Fact]
    public void Write_ThatFails_LeavesWhatWasThere_AndNoTemporary()
    {
        using TemporaryFolder folder = new();
        AtomicFile.WriteAllText(folder.File("file"), "before");
        Assert.Throws<FormatException>(() => AtomicFile.Write(folder.File("file"), stream =>
        {
            stream.Write([1, 2, 3]);
            throw new FormatException();
        }));
        Assert.Equal("before", File.ReadAllText(folder.File("file")));
        Assert.Single(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void Write_ShowsNothingUnderTheNameUntilItIsWhole()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("file");
        AtomicFile.Write(path, stream =>
        {
            stream.Write([1]);
            stream.Flush();
            Assert.False(File.Exists(path));
        });
        Assert.True(File.Exists(path));
    }

    [Fact]
    public void Write_OverAFolder_Fails_AndLeavesNoTemporary()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder.File("name/inside"));
        Assert.ThrowsAny<SystemException>(() => AtomicFile.WriteAllText(folder.File("name"), "text"));
        Assert.Equal([folder.File("name")], Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void Write_LetsTheStreamBeSoughtAndRead()
    {
        using TemporaryFolder folder = new();
        AtomicFile.Write(folder.File("file"), stream =>
        {
            stream.Write([0, 0, 7]);
            stream.Position = 2;
            Assert.Equal(7, stream.ReadByte());
            stream.Position = 0;
            stream.WriteByte(5);
        });
        Assert.Equal([5, 0, 7], File.ReadAllBytes(folder.File("file")));
    }
}
