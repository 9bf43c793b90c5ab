using System.Buffers.Binary;
using System.Text;
using Mxd.Formats;
using Mxd.Tests.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Formats;

public sealed class SafetensorsWriterTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly DisposeScope scope = NewDisposeScope();

    public static TheoryData<ScalarType> Types => [.. SafetensorsDtype.All.Where(dtype => dtype.Torch is not null).Select(dtype => dtype.Torch!.Value)];

    public void Dispose()
    {
        scope.Dispose();
        folder.Dispose();
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Write_ThenRead_GivesTheSameTensors(ScalarType type)
    {
        var random = new Random(2);
        Generator generator = new(3);
        for (int round = 0; round < 20; round++)
        {
            long[] shape = [.. Enumerable.Range(0, random.Next(0, 5)).Select(_ => (long)random.Next(0, 6))];
            Tensor value = (randn(shape, generator: generator) * 20 + 100).to(type);
            SafetensorsWriter.Write(folder.File("f"), [("x.y", value)], new Dictionary<string, string> { ["größe"] = "\"π\"\n" });
            using SafetensorsFile file = SafetensorsFile.Open(folder.File("f"));
            Assert.Equal("\"π\"\n", file.Metadata["größe"]);
            Tensor read = file.Read("x.y");
            Assert.Equal(type, read.dtype);
            Assert.Equal(shape, read.shape);
            Assert.Equal(value.bytes.ToArray(), read.bytes.ToArray());
        }
    }

    [Theory]
    [InlineData(ScalarType.Float32, ScalarType.BFloat16)]
    [InlineData(ScalarType.BFloat16, ScalarType.Float32)]
    [InlineData(ScalarType.Float16, ScalarType.Float64)]
    [InlineData(ScalarType.Int64, ScalarType.Float32)]
    public void Read_ConvertsAcrossChunks(ScalarType stored, ScalarType wanted)
    {
        Tensor value = (arange(3 * ChunkedTensor.Elements + 5) - 1000).to(stored).view(-1, 1);
        SafetensorsWriter.Write(folder.File("f"), [("t", value)]);
        using SafetensorsFile file = SafetensorsFile.Open(folder.File("f"));
        Tensor read = file.Read("t", wanted);
        Assert.Equal(wanted, read.dtype);
        Assert.Equal(value.shape, read.shape);
        Assert.True(read.eq(value.to(wanted)).all().item<bool>());
    }

    [Fact]
    public void Write_MakesStridedViewsContiguous()
    {
        Tensor whole = arange(60, ScalarType.Float32).view(3, 4, 5);
        Tensor[] views = [whole.transpose(0, 2), whole[1], whole.slice(2, 1, 5, 2), whole[0, 0].expand(4, 5), whole[2, 3, 4]];
        SafetensorsWriter.Write(folder.File("f"), views.Select((view, i) => ($"{i}", view)));
        using SafetensorsFile file = SafetensorsFile.Open(folder.File("f"));
        for (int i = 0; i < views.Length; i++)
        {
            Assert.Equal(views[i].shape, file.Describe($"{i}").Shape);
            Assert.True(file.Read($"{i}").eq(views[i]).all().item<bool>());
        }
    }

    [Fact]
    public void Write_GivesTheSameBytesInAnyOrder()
    {
        (string, Tensor)[] tensors = [("b", ones(3)), ("a", ones(2, ScalarType.Int8)), ("c", ones(1, ScalarType.Int64)), ("é", ones(2))];
        KeyValuePair<string, string>[] metadata = [new("k", "1"), new("j", "2")];
        SafetensorsWriter.Write(folder.File("f"), tensors, new Dictionary<string, string>(metadata));
        SafetensorsWriter.Write(folder.File("g"), tensors.Reverse(), new Dictionary<string, string>(metadata.Reverse()));
        Assert.Equal(File.ReadAllBytes(folder.File("f")), File.ReadAllBytes(folder.File("g")));
        using SafetensorsFile file = SafetensorsFile.Open(folder.File("f"));
        Assert.Equal(["c", "b", "é", "a"], file.Names);
    }

    [Fact]
    public void Write_PadsTheHeaderWithSpacesToEightBytes()
    {
        for (int i = 1; i < 10; i++)
        {
            SafetensorsWriter.Write(folder.File("f"), [(new string('n', i), ones(1))]);
            byte[] bytes = File.ReadAllBytes(folder.File("f"));
            long length = BinaryPrimitives.ReadInt64LittleEndian(bytes);
            Assert.Equal(0, length % 8);
            Assert.Equal(8 + length + 4, bytes.Length);
            Assert.Matches("}} {0,7}$", Encoding.UTF8.GetString(bytes, 8, (int)length));
        }
    }

    [Fact]
    public void Write_RefusesNamesItCannotKeep_AndLeavesNothing()
    {
        Tensor one = ones(1);
        Assert.Contains("Two tensors are named 'a'", Refused([("a", one), ("a", one)]), StringComparison.Ordinal);
        Assert.Contains("__metadata__", Refused([("__metadata__", one)]), StringComparison.Ordinal);
        Assert.Contains("not valid text", Refused([("\ud800", one)]), StringComparison.Ordinal);
        Assert.Contains("ComplexFloat64, which safetensors cannot hold", Refused([("a", one.to(ScalarType.ComplexFloat64))]), StringComparison.Ordinal);
    }

    [Fact]
    public void Write_KeepsTheOldFile_WhenATensorFails()
    {
        SafetensorsWriter.Write(folder.File("f"), [("a", ones(1))]);
        byte[] before = File.ReadAllBytes(folder.File("f"));
        Tensor onMeta = empty(1, device: META);
        Assert.ThrowsAny<Exception>(() => SafetensorsWriter.Write(folder.File("f"), [("a", ones(1)), ("b", onMeta)]));
        Assert.Equal(before, File.ReadAllBytes(folder.File("f")));
        Assert.Equal(["f"], Directory.GetFiles(folder.Path).Select(Path.GetFileName));
    }

    private string Refused((string, Tensor)[] tensors)
    {
        string message = Assert.Throws<ArgumentException>(() => SafetensorsWriter.Write(folder.File("none"), tensors)).Message;
        Assert.Empty(Directory.GetFiles(folder.Path));
        return message;
    }
}
