using Mxd.Runtime;

namespace Mxd.Tests.Runtime;

public sealed class StandardLibraryTests
{
    private const string Wait = "_ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE";

    [Fact]
    public void Defines_TellsVersionsOfOneSymbolApart()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "libstdc++ is Linux's.");
        StandardLibrary library = StandardLibrary.Open();
        Assert.True(library.Defines(Wait, "GLIBCXX_3.4.11"));
        Assert.False(library.Defines(Wait, "GLIBCXX_3.4.12"));
        Assert.False(library.Defines("no_such_symbol", "GLIBCXX_3.4.11"));
    }

    [Fact]
    public void Defines_AgreesWithTheVersionsNamedInTheFile()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "libstdc++ is Linux's.");
        StandardLibrary library = StandardLibrary.Open();
        string? path = StandardLibrary.FindPath();
        Assert.NotNull(path);
        bool named = File.ReadAllBytes(path).AsSpan().IndexOf("GLIBCXX_3.4.32\0"u8) >= 0;
        Assert.Equal(named, library.Defines(ElfPatch.Fallbacks[0].Symbol, "GLIBCXX_3.4.32"));
    }
}
