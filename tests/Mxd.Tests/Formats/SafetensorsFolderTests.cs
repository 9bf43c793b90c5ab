using Mxd.Formats;
using Mxd.Runtime;
using Mxd.Tests.Runtime;
using static TorchSharp.torch;

namespace Mxd.Tests.Formats;

public sealed class SafetensorsFolderTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Open_ReadsASingleFile()
    {
        File.WriteAllBytes(folder.File("model.safetensors"), SafetensorsBytes.Small);
        using SafetensorsFolder model = SafetensorsFolder.Open(folder.Path);
        Assert.Equal(["a", "b"], model.Names);
        using Tensor b = model.Read("b");
        Assert.Equal([14], b.shape);
    }

    [Fact]
    public void Open_ReadsTheShardsOfAnIndex()
    {
        WriteShards();
        WriteIndex("""{"metadata":{"total_size":12},"weight_map":{"x":"1.safetensors","y":"2.safetensors","z":"1.safetensors"}}""");
        using SafetensorsFolder model = SafetensorsFolder.Open(folder.Path);
        Assert.Equal(["x", "z", "y"], model.Names);
        foreach ((string name, float value) in new[] { ("x", 1f), ("y", 2f), ("z", 3f) })
        {
            Assert.Equal("F32", model.Describe(name).Dtype);
            using Tensor own = model.Read(name), half = model.Read(name, ScalarType.Float16);
            Assert.Equal(value, own.item<float>());
            Assert.Equal((Half)value, half.item<Half>());
        }
        Assert.Contains("has no tensor 'w'; the nearest are 'x', 'y' and 'z'", Assert.Throws<MxdInputException>(() => model.Read("w")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_LeavesOutTensorsTheIndexDoesNotList()
    {
        WriteShards();
        WriteIndex("""{"weight_map":{"x":"1.safetensors"}}""");
        using SafetensorsFolder model = SafetensorsFolder.Open(folder.Path);
        Assert.Equal(["x"], model.Names);
        Assert.False(model.Contains("z"));
    }

    [Theory]
    [InlineData("../1.safetensors")]
    [InlineData("sub/1.safetensors")]
    [InlineData("..\\1.safetensors")]
    [InlineData("/etc/passwd")]
    [InlineData("C:1.safetensors")]
    [InlineData("..")]
    [InlineData("")]
    public void Open_RefusesShardsOutsideTheFolder(string shard) =>
        Assert.Contains("a shard must be a file in the index's own folder", Refused($$$"""{"weight_map":{"x":"{{{shard.Replace("\\", "\\\\", StringComparison.Ordinal)}}}"}}"""), StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"weight_map":{"y":"3.safetensors"}}""", "lacks the shard 3.safetensors, which holds tensor 'y'")]
    [InlineData("""{"weight_map":{"y":"1.safetensors"}}""", "says that tensor 'y' is in 1.safetensors, but that file does not have it")]
    [InlineData("""{"weight_map":{"x":"1.safetensors","x":"2.safetensors"}}""", "'x' twice")]
    [InlineData("""{"weight_map":{},"weight_map":{}}""", "'weight_map' twice")]
    [InlineData("""{"weight_map":[]}""", "not an object")]
    [InlineData("""{"weight_map":{"x":1}}""", "not a file name")]
    [InlineData("{}", "has no 'weight_map'")]
    [InlineData("[]", "must hold one JSON object")]
    [InlineData("", "not valid JSON")]
    [InlineData("{", "not valid JSON")]
    public void Open_RefusesAnIndexThatDoesNotFitTheShards(string index, string reason) =>
        Assert.Contains(reason, Refused(index), StringComparison.Ordinal);

    [Fact]
    public void Open_SaysWhatAFolderLacks()
    {
        Assert.EndsWith("has neither model.safetensors nor model.safetensors.index.json.", Assert.Throws<MxdInputException>(() => SafetensorsFolder.Open(folder.Path)).Message, StringComparison.Ordinal);
        Assert.Contains("is not a folder", Assert.Throws<MxdInputException>(() => SafetensorsFolder.Open(folder.File("no"))).Message, StringComparison.Ordinal);
    }

    private string Refused(string index)
    {
        WriteShards();
        WriteIndex(index);
        return Assert.Throws<MxdInputException>(() => SafetensorsFolder.Open(folder.Path)).Message;
    }

    private void WriteShards()
    {
        using var scope = NewDisposeScope();
        SafetensorsWriter.Write(folder.File("1.safetensors"), [("x", tensor(1f)), ("z", tensor(3f))]);
        SafetensorsWriter.Write(folder.File("2.safetensors"), [("y", tensor(2f))]);
    }

    private void WriteIndex(string json) => File.WriteAllText(folder.File("model.safetensors.index.json"), json);
}
