using Mxd.Formats;
using Mxd.Runtime;
using Mxd.Tests.Runtime;
using static TorchSharp.torch;

namespace Mxd.Tests.Formats;

public sealed class SafetensorsFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Open_ListsTensorsAndMetadata()
    {
        using SafetensorsFile file = Open(SafetensorsBytes.Small);
        Assert.Equal("v", Assert.Single(file.Metadata).Value);
        Assert.Equal(["a", "b"], file.Names);
        Assert.Equal("'a' F32 [2, 3]", file.Tensors["a"].ToString());
        Assert.Equal((28, 14), (file.Describe("b").ByteLength, file.Describe("b").ElementCount));
        Assert.True(file.Contains("b"));
        Assert.False(file.Contains("c"));
    }

    [Fact]
    public void Open_TakesPaddingUnknownFieldsAndAnEmptyFile()
    {
        using (SafetensorsFile file = Open(SafetensorsBytes.Make("""{"a":{"later":[{}],"dtype":"U8","shape":[],"data_offsets":[0,1]}}""" + "   ", 1)))
            Assert.Empty(file.Describe("a").Shape);
        using (SafetensorsFile file = Open(SafetensorsBytes.Make("{}", 0)))
            Assert.Empty(file.Names);
    }

    [Fact]
    public void Names_AreInTheOrderOfTheData()
    {
        const string U8 = "\"dtype\":\"U8\",\"shape\":[1]";
        using SafetensorsFile file = Open(SafetensorsBytes.Make($$$"""{"a":{{{{U8}}},"data_offsets":[2,3]},"b":{{{{U8}}},"data_offsets":[0,1]},"c":{{{{U8}}},"data_offsets":[1,2]}}""", 3));
        Assert.Equal(["b", "c", "a"], file.Names);
    }

    [Fact]
    public void Read_GivesTheBytesOfTheFile()
    {
        using SafetensorsFile file = Open(SafetensorsBytes.Small);
        using Tensor a = file.Read("a"), b = file.Read("b");
        Assert.Equal([2, 3], a.shape);
        Assert.Equal((ScalarType.Float32, ScalarType.BFloat16), (a.dtype, b.dtype));
        Assert.Equal(Enumerable.Range(0, 24).Select(i => (byte)i), a.bytes.ToArray());
        Assert.Equal(Enumerable.Range(24, 28).Select(i => (byte)i), b.bytes.ToArray());
    }

    [Fact]
    public void Read_MakesEveryNonZeroBooleanTrue()
    {
        using SafetensorsFile file = Open(SafetensorsBytes.One("BOOL", "[4]", "[0,4]", 4));
        using Tensor read = file.Read("a");
        Assert.Equal(ScalarType.Bool, read.dtype);
        Assert.Equal([0, 1, 1, 1], read.bytes.ToArray());
    }

    [Theory]
    [InlineData("U16", 2)]
    [InlineData("U32", 4)]
    [InlineData("U64", 8)]
    [InlineData("F8_E4M3", 1)]
    [InlineData("F8_E5M2", 1)]
    [InlineData("F8_E8M0", 1)]
    public void Read_RefusesTypesTorchLacks_ThoughTheyAreListed(string dtype, int bytes)
    {
        using SafetensorsFile file = Open(SafetensorsBytes.One(dtype, "[3]", $"[0,{3 * bytes}]", 3 * bytes));
        Assert.Equal(dtype, file.Describe("a").Dtype);
        Assert.Contains($"'a' has the dtype {dtype}, which torch cannot hold", Assert.Throws<MxdInputException>(() => file.Read("a")).Message, StringComparison.Ordinal);
        Assert.Throws<MxdInputException>(() => file.Read("a", ScalarType.Float32));
    }

    [Fact]
    public void Read_NamesTheNearestTensors_WhenThereIsNoSuch()
    {
        string message = Assert.Throws<MxdInputException>(() =>
        {
            using SafetensorsFile file = Open(SafetensorsBytes.Make(
                """{"gate":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"gate_bias":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"W_dec":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}""", 0));
            file.Read("gates");
        }).Message;
        Assert.EndsWith(" has no tensor 'gates'; the nearest are 'gate', 'W_dec' and 'gate_bias'.", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[0,2305843009213693951]")]
    [InlineData("[0]")]
    [InlineData("[3,0,2]")]
    public void Read_GivesEmptyTensorsTheirShape(string shape)
    {
        using SafetensorsFile file = Open(SafetensorsBytes.One("F32", shape, "[0,0]", 0));
        using Tensor same = file.Read("a"), other = file.Read("a", ScalarType.BFloat16);
        Assert.Equal(file.Describe("a").Shape, same.shape);
        Assert.Equal(same.shape, other.shape);
    }

    [Fact]
    public void Read_LeavesOnlyItsResultAlive()
    {
        using SafetensorsFile file = Open(SafetensorsBytes.Small);
        using var scope = NewDisposeScope();
        file.Read("a", ScalarType.Float64);
        file.Read("a");
        Assert.Equal(2, scope.DisposablesCount);
    }

    [Fact]
    public void Read_SaysWhenTheFileHasShrunkMeanwhile()
    {
        using SafetensorsFile file = Open(SafetensorsBytes.Small);
        using (FileStream shrink = new(folder.File("f"), FileMode.Open, FileAccess.Write, FileShare.ReadWrite)) shrink.SetLength(SafetensorsBytes.Small.Length - 1);
        Assert.Contains("something else is writing to it", Assert.Throws<MxdInputException>(() => file.Read("b")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_RefusesAFolderAndAnAbsentFile()
    {
        Assert.EndsWith("is a folder, but a file is needed here.", Assert.Throws<MxdInputException>(() => SafetensorsFile.Open(folder.Path)).Message, StringComparison.Ordinal);
        Assert.EndsWith("does not exist.", Assert.Throws<MxdInputException>(() => SafetensorsFile.Open(folder.File("no"))).Message, StringComparison.Ordinal);
        Assert.EndsWith("does not exist.", Assert.Throws<MxdInputException>(() => SafetensorsFile.Open(folder.File("no/no"))).Message, StringComparison.Ordinal);
    }

    private SafetensorsFile Open(byte[] content)
    {
        File.WriteAllBytes(folder.File("f"), content);
        return SafetensorsFile.Open(folder.File("f"));
    }
}
