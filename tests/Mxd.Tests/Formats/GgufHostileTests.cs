using Mxd.Formats;
using Mxd.Runtime;
using Mxd.Tests.Runtime;

namespace Mxd.Tests.Formats;

public sealed class GgufHostileTests : IDisposable
{
    private const ulong Huge = 1UL << 60;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Open_RefusesAFileCutAnywhere()
    {
        for (int length = 0; length < GgufBuilder.Small.Length; length++)
            Assert.Contains($"ends at byte {length}, but its header", Refused(GgufBuilder.Small[..length]), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_SaysHowLongACutFileShouldBe()
    {
        int whole = GgufBuilder.Small.Length;
        Assert.EndsWith($" ends at byte {whole - 7}, but its header describes {whole}: the file is cut short; download it again.", Refused(GgufBuilder.Small[..^7]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("FUGG", 3u, "does not begin with 'GGUF'")]
    [InlineData("GGML", 3u, "does not begin with 'GGUF'")]
    [InlineData("GGUF", 1u, "is GGUF version 1, which is no longer read")]
    [InlineData("GGUF", 0u, "is GGUF version 0; versions 2 and 3 are read")]
    [InlineData("GGUF", 4u, "is GGUF version 4; versions 2 and 3 are read")]
    [InlineData("GGUF", 0x03000000u, "is a big-endian GGUF file")]
    public void Open_RefusesOtherFormatsAndVersions(string magic, uint version, string reason) =>
        Assert.Contains(reason, Refused(new GgufBuilder { Magic = System.Text.Encoding.ASCII.GetBytes(magic), Version = version }), StringComparison.Ordinal);

    [Fact]
    public void Open_RefusesCountsTheFileCannotHold()
    {
        foreach (ulong count in new[] { Huge, ulong.MaxValue, 1000UL })
        {
            Assert.Contains($"{count} tensors follow", Refused(new GgufBuilder { TensorCount = count }), StringComparison.Ordinal);
            Assert.Contains($"{count} metadata values follow", Refused(new GgufBuilder { MetadataCount = count }), StringComparison.Ordinal);
            foreach (GgufValueType element in Enum.GetValues<GgufValueType>())
                Assert.Contains($"{count} elements of 'k' follow", Refused(new GgufBuilder().Array("k", element, count, w => w.Write(1UL))), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Open_RefusesStringsLongerThanTheFile()
    {
        Assert.Contains($"{Huge} bytes of text follow", Refused(new GgufBuilder().Value("k", GgufValueType.String, w => w.Write(Huge))), StringComparison.Ordinal);
        Assert.Contains($"{ulong.MaxValue} bytes of text follow", Refused(new GgufBuilder().Array("k", GgufValueType.String, 1, w => w.Write(ulong.MaxValue))), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_RefusesTextThatIsNotUtf8()
    {
        Assert.Contains("the text of 'k' at byte 45 is not UTF-8", Refused(new GgufBuilder().Value("k", GgufValueType.String, w => GgufBuilder.WriteString(w, [0xc3, 0x28]))), StringComparison.Ordinal);
        Assert.Contains("the metadata key at byte 32 is not UTF-8", Refused(new GgufBuilder().Value([0xff], 4, w => w.Write(1))), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_RefusesUnknownValueTypes()
    {
        Assert.Contains("'k' has the value type 13", Refused(new GgufBuilder().Value("k"u8.ToArray(), 13, w => w.Write(1L))), StringComparison.Ordinal);
        Assert.Contains("'k' has the value type 4294967295", Refused(new GgufBuilder().Array("k", (GgufValueType)(-1), 1, w => w.Write(1L))), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_RefusesTruthValuesOtherThanZeroAndOne() =>
        Assert.Contains("'k' has a truth value that is neither 0 nor 1", Refused(new GgufBuilder().Value("k", GgufValueType.Bool, w => w.Write((byte)2))), StringComparison.Ordinal);

    [Fact]
    public void Open_RefusesDeeplyNestedArrays() =>
        Assert.Contains("more than 8 deep", Refused(new GgufBuilder().Value("k", GgufValueType.Array, w =>
        {
            for (int depth = 0; depth < 100_000; depth++)
            {
                w.Write((uint)GgufValueType.Array);
                w.Write(1UL);
            }
        })), StringComparison.Ordinal);

    [Fact]
    public void Open_RefusesDuplicates()
    {
        Assert.Contains("the metadata key 'k' twice", Refused(new GgufBuilder().UInt32("k", 1).UInt32("k", 1)), StringComparison.Ordinal);
        Assert.Contains("tensor 't' twice", Refused(new GgufBuilder().Tensor("t", [1], 0, new byte[4]).Tensor("t", [1], 0, new byte[4])), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(3u)]
    [InlineData(48u)]
    public void Open_RefusesAlignmentsThatAreNoPowerOfTwo(uint alignment) =>
        Assert.Contains($"the general.alignment {alignment}; it must be a power of two", Refused(new GgufBuilder().UInt32("general.alignment", alignment).Tensor("t", [1], 0, new byte[4])), StringComparison.Ordinal);

    [Fact]
    public void Open_RefusesAnAlignmentOfAnotherType() =>
        Assert.Contains("'general.alignment' must be uint32, but it is string", Refused(new GgufBuilder().Text("general.alignment", "32").Tensor("t", [1], 0, new byte[4])), StringComparison.Ordinal);

    [Theory]
    [InlineData(new ulong[] { 1, 1, 1, 1, 1 }, 0u, 0UL, "has 5 dimensions")]
    [InlineData(new ulong[] { ulong.MaxValue }, 0u, 0UL, "has a dimension of 18446744073709551615")]
    [InlineData(new ulong[] { 1UL << 62, 4 }, 0u, 0UL, "more bytes than a 64-bit number counts")]
    [InlineData(new ulong[] { 1UL << 62, 4, 0 }, 0u, 0UL, "more bytes than a 64-bit number counts")]
    [InlineData(new ulong[] { 1UL << 62 }, 0u, 0UL, "more bytes than a 64-bit number counts")]
    [InlineData(new ulong[] { 31, 32 }, 3u, 0UL, "has rows of 31 numbers, but Q4_1 stores blocks of 32")]
    [InlineData(new ulong[] { 32 }, 14u, 0UL, "has rows of 32 numbers, but Q6_K stores blocks of 256")]
    [InlineData(new ulong[] { }, 8u, 0UL, "has rows of 1 numbers")]
    [InlineData(new ulong[] { 32 }, 4u, 0UL, "has the storage type number 4, which is not known here")]
    [InlineData(new ulong[] { 32 }, 4_000_000_000u, 0UL, "has the storage type number 4000000000")]
    [InlineData(new ulong[] { 1 }, 0u, 8UL, "begins 8 bytes into the data, which is not a multiple of the alignment 32")]
    [InlineData(new ulong[] { 1 }, 0u, 64UL, "cut short")]
    [InlineData(new ulong[] { 1 }, 0u, 1UL << 63, "cut short")]
    [InlineData(new ulong[] { 1 }, 0u, ulong.MaxValue, "cut short")]
    [InlineData(new ulong[] { 1UL << 60 }, 0u, 0UL, "cut short")]
    [InlineData(new ulong[] { 0 }, 0u, 1UL << 63, "cut short")]
    public void Open_RefusesTensorsThatCannotBe(ulong[] dimensions, uint type, ulong offset, string reason) =>
        Assert.Contains(reason, Refused(new GgufBuilder().Describe("t", dimensions, type, offset).Data(64)), StringComparison.Ordinal);

    [Fact]
    public void Open_RefusesOverlappingTensors() =>
        Assert.Contains("'a' and 'b' overlap", Refused(new GgufBuilder().Describe("b", [16], 0, 32).Describe("a", [16], 0, 0).Data(256)), StringComparison.Ordinal);

    [Fact]
    public void Open_RefusesOrReadsAnyDamagedFile()
    {
        var random = new Random(4);
        int refused = 0;
        for (int i = 0; i < 4000; i++)
        {
            byte[] damaged = [.. GgufBuilder.Small];
            for (int flips = random.Next(1, 4); flips > 0; flips--) damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            if (Refusal.OrNull(folder.File("damaged"), damaged, ReadAll, GgufFile.Open) is not null) refused++;
        }
        Assert.InRange(refused, 1000, 3999);
    }

    private static void ReadAll(GgufFile file)
    {
        foreach (string name in file.Names)
        {
            try
            {
                file.Read(name).Dispose();
            }
            catch (MxdInputException refusal)
            {
                Assert.Contains("which is not read", refusal.Message, StringComparison.Ordinal);
            }
        }
    }

    private string Refused(GgufBuilder builder) => Refused(builder.Build());

    private string Refused(byte[] content) => Refusal.Of(folder.File("hostile.gguf"), content, GgufFile.Open);
}
