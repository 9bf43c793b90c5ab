using Mxd.Formats;
using Mxd.Runtime;
using Mxd.Tests.Runtime;

namespace Mxd.Tests.Formats;

public sealed class GgufMetadataTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Integers_OfEveryWidth_AreRead()
    {
        GgufMetadata metadata = Read(new GgufBuilder()
            .Value("u8", GgufValueType.UInt8, w => w.Write((byte)200)).Value("i8", GgufValueType.Int8, w => w.Write((sbyte)-3))
            .Value("u16", GgufValueType.UInt16, w => w.Write((ushort)60000)).Value("i16", GgufValueType.Int16, w => w.Write((short)-300))
            .Value("u32", GgufValueType.UInt32, w => w.Write(4_000_000_000)).Value("i32", GgufValueType.Int32, w => w.Write(-70000))
            .Value("u64", GgufValueType.UInt64, w => w.Write(5_000_000_000UL)).Value("i64", GgufValueType.Int64, w => w.Write(-5_000_000_000L)));
        long[] values = [200, -3, 60000, -300, 4_000_000_000, -70000, 5_000_000_000, -5_000_000_000];
        Assert.Equal(values, metadata.Values.Keys.Select(metadata.GetInt64));
        Assert.Equal(4_000_000_000u, metadata.GetUInt32("u32"));
        Assert.Contains("'i8' must be uint32, but it has the value -3, which is outside", Wrong(() => metadata.GetUInt32("i8")), StringComparison.Ordinal);
        Assert.Contains("the value 5000000000", Wrong(() => metadata.GetUInt32("u64")), StringComparison.Ordinal);
    }

    [Fact]
    public void Scalars_OfOtherTypes_AreRead()
    {
        GgufMetadata metadata = Read(new GgufBuilder().Text("s", "größe").Value("b", GgufValueType.Bool, w => w.Write(true))
            .Value("f", GgufValueType.Float32, w => w.Write(1.5f)).Value("d", GgufValueType.Float64, w => w.Write(2.5)));
        Assert.Equal("größe", metadata.GetString("s"));
        Assert.True(metadata.GetBool("b"));
        Assert.Equal((1.5f, 2.5f), (metadata.GetFloat("f"), metadata.GetFloat("d")));
    }

    [Fact]
    public void Arrays_OfEveryType_AreRead()
    {
        GgufMetadata metadata = Read(new GgufBuilder()
            .Array("u8", GgufValueType.UInt8, 2, w => w.Write([7, 9])).Array("i8", GgufValueType.Int8, 1, w => w.Write((sbyte)-1))
            .Array("u16", GgufValueType.UInt16, 1, w => w.Write((ushort)5)).Array("i16", GgufValueType.Int16, 1, w => w.Write((short)-5))
            .Array("u32", GgufValueType.UInt32, 2, w => { w.Write(1); w.Write(2); }).Array("i32", GgufValueType.Int32, 2, w => { w.Write(3); w.Write(-4); })
            .Array("u64", GgufValueType.UInt64, 1, w => w.Write(6UL)).Array("i64", GgufValueType.Int64, 1, w => w.Write(-6L))
            .Array("f32", GgufValueType.Float32, 1, w => w.Write(0.5f)).Array("f64", GgufValueType.Float64, 1, w => w.Write(0.25))
            .Array("bool", GgufValueType.Bool, 2, w => w.Write([0, 1])).Array("none", GgufValueType.String, 0, _ => { })
            .Array("s", GgufValueType.String, 2, w => { GgufBuilder.WriteString(w, "é"u8.ToArray()); GgufBuilder.WriteString(w, []); }));
        Assert.Equal<int[]>([[7, 9], [-1], [5], [-5], [1, 2], [3, -4], [6], [-6]],
            new[] { "u8", "i8", "u16", "i16", "u32", "i32", "u64", "i64" }.Select(metadata.GetInts));
        Assert.Equal([0.5f], metadata.GetFloats("f32"));
        Assert.Equal([0.25f], metadata.GetFloats("f64"));
        Assert.Equal(["é", ""], metadata.GetStrings("s"));
        Assert.Empty(metadata.GetStrings("none"));
        Assert.Equal([false, true], Assert.IsType<bool[]>(metadata["bool"].Content));
        Assert.Equal("array of 2 bool", metadata["bool"].TypeName);
    }

    [Fact]
    public void NestedArrays_KeepTheirShape()
    {
        GgufMetadata metadata = Read(new GgufBuilder().Array("n", GgufValueType.Array, 2, w =>
        {
            w.Write((uint)GgufValueType.Int32); w.Write(1UL); w.Write(5);
            w.Write((uint)GgufValueType.String); w.Write(1UL); GgufBuilder.WriteString(w, "x"u8.ToArray());
        }));
        GgufValue[] rows = Assert.IsType<GgufValue[]>(metadata["n"].Content);
        Assert.Equal([5], Assert.IsType<int[]>(rows[0].Content));
        Assert.Equal(["x"], Assert.IsType<string[]>(rows[1].Content));
        Assert.Contains("'n' must be array of int32, but it is array of 2 array", Wrong(() => metadata.GetInts("n")), StringComparison.Ordinal);
    }

    [Fact]
    public void Getters_NameTheKey_WhatIsExpected_AndWhatIsThere()
    {
        GgufMetadata metadata = Read(new GgufBuilder().Text("s", "x").UInt32("n", 3).Array("a", GgufValueType.UInt64, 1, w => w.Write(ulong.MaxValue))
            .Value("big", GgufValueType.UInt64, w => w.Write(ulong.MaxValue)));
        Assert.EndsWith(": metadata 's' must be uint32, but it is string.", Wrong(() => metadata.GetUInt32("s")), StringComparison.Ordinal);
        Assert.Contains("'n' must be string, but it is uint32", Wrong(() => metadata.GetString("n")), StringComparison.Ordinal);
        Assert.Contains("'n' must be bool", Wrong(() => metadata.GetBool("n")), StringComparison.Ordinal);
        Assert.Contains("'s' must be float32", Wrong(() => metadata.GetFloat("s")), StringComparison.Ordinal);
        Assert.Contains("'a' must be array of string, but it is array of 1 uint64", Wrong(() => metadata.GetStrings("a")), StringComparison.Ordinal);
        Assert.Contains("'a' must be array of float32", Wrong(() => metadata.GetFloats("a")), StringComparison.Ordinal);
        Assert.Contains("'n' must be array of int32", Wrong(() => metadata.GetInts("n")), StringComparison.Ordinal);
        Assert.Contains("the value 18446744073709551615", Wrong(() => metadata.GetInts("a")), StringComparison.Ordinal);
        Assert.Contains("the value 18446744073709551615", Wrong(() => metadata.GetInt64("big")), StringComparison.Ordinal);
    }

    [Fact]
    public void MissingKeys_AreAnError_ThatNamesTheNearest_OrFalse()
    {
        GgufMetadata metadata = Read(new GgufBuilder().UInt32("llama.block_count", 3).Text("general.name", "x"));
        Assert.EndsWith(" has no metadata 'llama.blockcount'; the nearest are 'llama.block_count' and 'general.name'.", Wrong(() => metadata.GetUInt32("llama.blockcount")), StringComparison.Ordinal);
        Assert.False(metadata.Contains("x"));
        Assert.False(metadata.TryGetString("x", out _) || metadata.TryGetUInt32("x", out _) || metadata.TryGetInt64("x", out _) || metadata.TryGetFloat("x", out _));
        Assert.False(metadata.TryGetBool("x", out _) || metadata.TryGetStrings("x", out _) || metadata.TryGetInts("x", out _) || metadata.TryGetFloats("x", out _));
        Assert.True(metadata.TryGetUInt32("llama.block_count", out uint blocks));
        Assert.Equal(3u, blocks);
        Assert.Throws<MxdInputException>(() => metadata.TryGetString("llama.block_count", out _));
    }

    private GgufMetadata Read(GgufBuilder builder)
    {
        File.WriteAllBytes(folder.File("f"), builder.Build());
        using GgufFile file = GgufFile.Open(folder.File("f"));
        return file.Metadata;
    }

    private static string Wrong(Action get) => Assert.Throws<MxdInputException>(get).Message;
}
