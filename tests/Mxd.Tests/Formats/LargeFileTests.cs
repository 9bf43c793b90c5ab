using Mxd.Formats;
using Mxd.Tests.Runtime;
using static TorchSharp.torch;

namespace Mxd.Tests.Formats;

/// <summary>Positions that 32 bits do not count. The files are sparse: five gigabytes that take a few pages of disk.</summary>
public sealed class LargeFileTests : IDisposable
{
    private const long Gap = 5L << 30;

    private static readonly byte[] seven = BitConverter.GetBytes(7f);

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Safetensors_ReadsTensorsBehindGigabytes()
    {
        byte[] header = SafetensorsBytes.Make(
            $$$"""{"big":{"dtype":"U8","shape":[{{{Gap}}}],"data_offsets":[0,{{{Gap}}}]},"t":{"dtype":"F32","shape":[1],"data_offsets":[{{{Gap}}},{{{Gap + 4}}}]}}""", 0);
        WriteSparse(header, header.Length + Gap);
        using SafetensorsFile file = SafetensorsFile.Open(folder.File("f"));
        Check(file);
    }

    [Fact]
    public void Gguf_ReadsTensorsBehindGigabytes()
    {
        byte[] header = new GgufBuilder().Describe("big", [(ulong)Gap / 4], 0, 0).Describe("t", [1], 0, (ulong)Gap).Build();
        WriteSparse(header, (header.Length + 31) / 32 * 32 + Gap);
        using GgufFile file = GgufFile.Open(folder.File("f"));
        Check(file);
    }

    private static void Check(ITensorSource file)
    {
        using Tensor read = file.Read("t");
        Assert.Equal(7f, read.item<float>());
        Assert.Equal(Gap, file.Describe("big").ByteLength);
    }

    private void WriteSparse(byte[] header, long position)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux makes files sparse without being told.");
        using FileStream stream = File.Create(folder.File("f"));
        stream.Write(header);
        stream.Position = position;
        stream.Write(seven);
    }
}
