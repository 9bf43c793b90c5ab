using Mxd.Runtime;

namespace Mxd.Tests.Runtime;

public sealed class AtomicFolderTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Write_MakesTheFolder_WithAllThatWasWritten()
    {
        AtomicFolder.Write(folder.File("a/b"), path =>
        {
            File.WriteAllText(Path.Combine(path, "x"), "1");
            Assert.False(Path.Exists(folder.File("a/b")));
        });
        Assert.Equal("1", File.ReadAllText(folder.File("a/b/x")));
        Assert.Equal(["b"], Directory.GetFileSystemEntries(folder.File("a")).Select(Path.GetFileName));
    }

    [Fact]
    public void Write_LeavesNothing_WhereFillingFails()
    {
        Assert.Throws<InvalidOperationException>(() => AtomicFolder.Write(folder.File("a"), path =>
        {
            File.WriteAllText(Path.Combine(path, "x"), "1");
            throw new InvalidOperationException();
        }));
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void Replace_ExchangesTheFolder_AndLeavesItWhereFillingFails()
    {
        string a = folder.File("a");
        for (int i = 0; i < 3; i++) AtomicFolder.Replace(a, path => File.WriteAllText(Path.Combine(path, $"{i}"), ""));
        Assert.Throws<InvalidOperationException>(() => AtomicFolder.Replace(a, _ => throw new InvalidOperationException()));
        Assert.Equal(["2"], Directory.GetFileSystemEntries(a).Select(Path.GetFileName));
        Assert.Equal(["a"], Directory.GetFileSystemEntries(folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void Replace_FindsWhatAKilledProcessPutAside()
    {
        Directory.CreateDirectory(folder.File(".a.old"));
        File.WriteAllText(folder.File(".a.old/x"), "mine");
        Assert.Throws<InvalidOperationException>(() => AtomicFolder.Replace(folder.File("a"), _ => throw new InvalidOperationException()));
        Assert.Equal("mine", File.ReadAllText(folder.File("a/x")));
    }

    [Fact]
    public void Write_RefusesWhatIsTaken_WithoutFilling()
    {
        Directory.CreateDirectory(folder.File("a"));
        File.WriteAllText(folder.File("b"), "mine");
        foreach (string name in new[] { "a", "b", "a/" })
            Assert.Contains("exists already", Assert.Throws<MxdInputException>(() => AtomicFolder.Write(folder.File(name), _ => Assert.Fail("filled"))).Message, StringComparison.Ordinal);
        Assert.Throws<MxdInputException>(() => AtomicFolder.Write(folder.File("b/c"), _ => Assert.Fail("filled")));
    }
}
