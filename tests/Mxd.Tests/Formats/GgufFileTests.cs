using Mxd.Formats;
using Mxd.Runtime;
using Mxd.Tests.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Formats;

public sealed class GgufFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(2u)]
    [InlineData(3u)]
    public void Open_ListsTensorsInTorchsOrderOfDimensions(uint version)
    {
        using GgufFile file = Open(new GgufBuilder { Version = version }.Tensor("t", [3, 2, 5, 4], 0, new byte[480]).Tensor("n", [], 0, new byte[4]).Build());
        Assert.Equal((int)version, file.Version);
        Assert.Equal(["t", "n"], file.Names);
        Assert.Equal([4, 5, 2, 3], file.Describe("t").Shape);
        Assert.Empty(file.Describe("n").Shape);
        Assert.Equal(("F32", 480), (file.Describe("t").Dtype, file.Describe("t").ByteLength));
    }

    [Fact]
    public void Read_GivesRowsInTorchsOrder()
    {
        using GgufFile file = Open(GgufBuilder.Small);
        using Tensor read = file.Read("f32");
        Assert.Equal([2, 3], read.shape);
        Assert.Equal([0f, 1f, 2f, 3f, 4f, 5f], read.data<float>().ToArray());
    }

    [Fact]
    public void Read_DequantisesToTheTypeAskedFor()
    {
        using GgufFile file = Open(GgufBuilder.Small);
        foreach (ScalarType type in new[] { ScalarType.Float32, ScalarType.BFloat16, ScalarType.Float16, ScalarType.Float64 })
        {
            using var scope = NewDisposeScope();
            Tensor read = file.Read("q8_0", type);
            Assert.Equal(type, read.dtype);
            Assert.True(read.eq(arange(-16, 16)).all().item<bool>());
        }
    }

    [Theory]
    [InlineData("f32", ScalarType.Float32)]
    [InlineData("f16", ScalarType.Float16)]
    [InlineData("bf16", ScalarType.BFloat16)]
    [InlineData("q8_0", ScalarType.Float32)]
    public void Read_WithoutAType_KeepsPlainOnes_AndWidensQuantisedOnes(string name, ScalarType expected)
    {
        using GgufFile file = Open(new GgufBuilder().Tensor("f32", [1], 0, new byte[4]).Tensor("f16", [1], 1, new byte[2])
            .Tensor("bf16", [1], 30, new byte[2]).Tensor("q8_0", [32], 8, new byte[34]).Build());
        using Tensor read = file.Read(name);
        Assert.Equal(expected, read.dtype);
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void Read_ContinuesAcrossChunks(ScalarType type)
    {
        int blocks = 2 * ChunkedTensor.Elements / 32 + 3;
        byte[] bytes = new byte[blocks * 34];
        for (int i = 0; i < blocks; i++)
        {
            bytes[i * 34 + 1] = 0x3c;
            for (int j = 0; j < 32; j++) bytes[i * 34 + 2 + j] = (byte)(i * 7 + j);
        }
        using GgufFile file = Open(new GgufBuilder().Tensor("t", [32, (ulong)blocks], 8, bytes).Build());
        using var scope = NewDisposeScope();
        Tensor expected = (arange(blocks).unsqueeze(1) * 7 + arange(32) + 128) % 256 - 128;
        Assert.True(file.Read("t", type).eq(expected).all().item<bool>());
    }

    [Fact]
    public void Read_LeavesOnlyItsResultAlive()
    {
        using GgufFile file = Open(GgufBuilder.Small);
        using DisposeScope scope = NewDisposeScope();
        file.Read("q8_0", ScalarType.BFloat16);
        file.Read("q8_0", ScalarType.Float32);
        Assert.Equal(2, scope.DisposablesCount);
    }

    [Fact]
    public void Read_RefusesStorageTypesByName_ThoughTheyAreListed()
    {
        using GgufFile file = Open(GgufBuilder.Small);
        Assert.Equal("IQ4_NL", file.Describe("iq4_nl").Dtype);
        Assert.EndsWith("tensor 'iq4_nl' is stored as IQ4_NL, which is not read; use a file quantised as one of F32, F16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, BF16.",
            Assert.Throws<MxdInputException>(() => file.Read("iq4_nl")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_NamesTheNearestTensors_WhenThereIsNoSuch()
    {
        using GgufFile file = Open(GgufBuilder.Small);
        Assert.EndsWith("has no tensor 'q8_1'; the nearest are 'q8_0', 'f32' and 'iq4_nl'.", Assert.Throws<MxdInputException>(() => file.Describe("q8_1")).Message, StringComparison.Ordinal);
        Assert.False(file.Contains("q8_1"));
    }

    [Fact]
    public void Read_AfterDisposal_IsAnError()
    {
        GgufFile file = Open(GgufBuilder.Small);
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => file.Read("f32"));
    }

    [Fact]
    public void Open_HonoursTheAlignment()
    {
        var builder = new GgufBuilder { Alignment = 256 };
        using GgufFile file = Open(builder.UInt32("general.alignment", 256).Tensor("a", [1], 0, [1, 2, 3, 4]).Tensor("b", [1], 0, BitConverter.GetBytes(5f)).Build());
        using Tensor b = file.Read("b");
        Assert.Equal(5f, b.item<float>());
    }

    [Fact]
    public void Read_GivesEmptyTensorsTheirShape()
    {
        using GgufFile file = Open(new GgufBuilder().Tensor("e", [32, 0, 3], 3, []).Tensor("t", [1], 0, new byte[4]).Build());
        using Tensor same = file.Read("e"), half = file.Read("e", ScalarType.Float16);
        Assert.Equal([3, 0, 32], same.shape);
        Assert.Equal(same.shape, half.shape);
    }

    [Fact]
    public void Open_ReadsARealModel()
    {
        using GgufFile file = GgufFile.Open(TestFiles.SharedOrSkip("models", "smollm2-135m-instruct-q4_1.gguf"));
        Assert.Equal("llama", file.Metadata.GetString("general.architecture"));
        Assert.Equal(30u, file.Metadata.GetUInt32("llama.block_count"));
        string[] tokens = file.Metadata.GetStrings("tokenizer.ggml.tokens");
        Assert.Equal((49152, "<|endoftext|>"), (tokens.Length, tokens[0]));
        Assert.Equal(49152, file.Metadata.GetInts("tokenizer.ggml.token_type").Length);
        Assert.Equal(272, file.Names.Count);
        Assert.Equal([49152, 576], file.Describe("token_embd.weight").Shape);
        using Tensor norm = file.Read("output_norm.weight");
        Assert.True(isfinite(norm).all().item<bool>());
    }

    private GgufFile Open(byte[] content)
    {
        File.WriteAllBytes(folder.File("f"), content);
        return GgufFile.Open(folder.File("f"));
    }
}
