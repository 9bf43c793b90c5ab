using Mxd.Runtime;

namespace Mxd.Tests.Runtime;

public sealed class NativeFoldersTests
{
    [Fact]
    public void All_ListsExistingFoldersOnce_WithTheProgramsOwn()
    {
        IReadOnlyList<string> folders = NativeFolders.All();
        Assert.All(folders, folder => Assert.True(Directory.Exists(folder), folder));
        Assert.Equal(folders.Distinct(), folders);
        Assert.Contains(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory), folders);
    }

    [Fact]
    public void Find_TakesTheFirstFolderThatHasTheFile()
    {
        using TemporaryFolder first = new(), second = new(), third = new();
        File.WriteAllText(second.File("library.so"), "");
        File.WriteAllText(third.File("library.so"), "");
        Assert.Equal(second.File("library.so"), NativeFolders.Find([first.Path, second.Path, third.Path], "library.so"));
        Assert.Null(NativeFolders.Find([first.Path], "library.so"));
    }
}
