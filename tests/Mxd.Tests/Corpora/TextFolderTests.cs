using Mxd.Corpora;

namespace Mxd.Tests.Corpora;

/// <summary>Which files folders and patterns stand for.</summary>
public sealed class TextFolderTests : IDisposable
{
    private readonly CorpusFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("**")]
    [InlineData("**/*.txt")]
    [InlineData("?/*")]
    public void OthersBusiness_IsLeftOut(string pattern)
    {
        Add("a/x.txt a/._x.txt a/.x.txt .cache/y.txt a/README.txt a/notes.md a/dataset_infos.json");
        Assert.Equal(["a/x.txt"], Found(pattern));
    }

    [Fact]
    public void WhatIsNamed_IsRead()
    {
        Add(".cache/y.txt README.txt we?rd*.txt we-rd-.txt");
        Assert.Equal([".cache/y.txt"], Found(".cache"));
        Assert.Equal(["README.txt"], Found("README.txt"));
        Assert.Equal(["we?rd*.txt"], Found("we?rd*.txt"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("**/*.txt")]
    public void LinksToFolders_AreNotFollowed_LinksToFilesAre(string pattern)
    {
        Add("a/x.txt");
        Directory.CreateSymbolicLink(folder.File("a/loop"), folder.Path);
        File.CreateSymbolicLink(folder.File("a/y.txt"), folder.File("a/x.txt"));
        Assert.Equal(["a/x.txt", "a/y.txt"], Found(pattern));
    }

    [Fact]
    public void ALinkThatIsNamed_IsFollowed()
    {
        Add("a/x.txt");
        Directory.CreateSymbolicLink(folder.File("link"), folder.File("a"));
        Assert.Equal(["link/x.txt"], Found("link"));
        Assert.Equal(["link/x.txt"], Found("link/*.txt"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("**")]
    public void TheOrder_IsThatOfRelativePathsWithSlashes(string pattern)
    {
        Add("a/x.txt a-b.txt aB.txt a.txt");
        Assert.Equal(["a-b.txt", "a.txt", "a/x.txt", "aB.txt"], Found(pattern));
    }

    [Fact]
    public void AFolderThatMayNotBeRead_IsSaidSo()
    {
        // The administrator reads everything.
        if (OperatingSystem.IsWindows() || Environment.IsPrivilegedProcess) return;
        Add("a/x.txt b/y.txt");
        File.SetUnixFileMode(folder.File("b"), UnixFileMode.None);
        Assert.StartsWith("FOLDER cannot be searched for texts: ", folder.Message(() => Found("")), StringComparison.Ordinal);
        File.SetUnixFileMode(folder.File("b"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    [Fact]
    public void APatternThatLeadsOut_IsRefused() =>
        Assert.Equal("The pattern */../x has .. in it: write the folder it leads to.", folder.Message(() => Found("data/*/../x")));

    private void Add(string files)
    {
        foreach (string file in files.Split(' '))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(folder.File(file))!);
            folder.Write(file, "x");
        }
    }

    private string[] Found(string name) =>
        [.. TextShards.Find([name.Length == 0 ? folder.Path : folder.File(name)]).Select(shard => Path.GetRelativePath(folder.Path, shard.Name).Replace('\\', '/'))];
}
