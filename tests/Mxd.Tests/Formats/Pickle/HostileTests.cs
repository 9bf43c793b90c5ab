using Mxd.Formats.Pickle;
using Mxd.Tests.Runtime;

namespace Mxd.Tests.Formats.Pickle;

/// <summary>Opens pickles in an otherwise sound archive with one storage of sixteen bytes.</summary>
public abstract class HostileTests : IDisposable
{
    private protected const string Damaged = "the file is damaged; download it again.";
    private protected const string SavePlain = "save plain dictionaries, lists and tensors.";

    private readonly TemporaryFolder folder = new();

    private string FilePath => folder.File("f.pt");

    public void Dispose()
    {
        folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected TorchFile Accepted(byte[] pickle)
    {
        File.WriteAllBytes(FilePath, TorchZip.Make(pickle, new byte[16]));
        return TorchFile.Open(FilePath);
    }

    /// <summary>The whole message is <paramref name="what"/> after the names of the file and of the pickle in it.</summary>
    private protected void AssertRefused(string what, byte[] pickle) => Assert.Equal($"{FilePath}: data.pkl {what}", Refused(pickle));

    private protected string Refused(byte[] pickle) => Refusal.Of(FilePath, TorchZip.Make(pickle, new byte[16]), TorchFile.Open);
}
