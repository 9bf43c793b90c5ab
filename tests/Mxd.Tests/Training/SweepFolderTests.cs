using Mxd.Runtime;
using Mxd.Tests.Runtime;
using Mxd.Training;

namespace Mxd.Tests.Training;

public sealed class SweepFolderTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void ADescriptionThatCannotBeOpened_IsNamed()
    {
        string file = folder.File("sweep.json");
        using FileStream held = new(file, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
        string message = Assert.Throws<MxdInputException>(() => new SweepFolder(folder.Path).ReadDescription()).Message;
        Assert.StartsWith($"{file} cannot be opened: ", message, StringComparison.Ordinal);
    }
}
