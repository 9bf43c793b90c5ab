using Mxd.Formats;
using Mxd.Formats.Blocks;

namespace Mxd.Tests.Formats.Blocks;

public class BlockFormatTests
{
    /// <summary>0x3800 is 0.5 and 0xc000 is -2 in half precision.</summary>
    private static readonly byte[] half = [0x00, 0x38], minusTwo = [0x00, 0xc0];

    /// <summary>Byte i holds i in its low and 15 - i in its high nibble.</summary>
    private static readonly byte[] nibbles = [.. Enumerable.Range(0, 16).Select(i => (byte)(i | (15 - i) << 4))];

    public static TheoryData<string> Readable => [.. GgufStorage.All.Where(storage => storage.Format is not null).Select(storage => storage.Name)];

    [Fact]
    public void Q4_0_IsScaleTimesNibbleLessEight() =>
        Assert.Equal([.. Enumerable.Range(0, 16).Select(i => 0.5f * (i - 8)), .. Enumerable.Range(0, 16).Select(i => 0.5f * (15 - i - 8))],
            Dequantise(new Q4_0Blocks(), [.. half, .. nibbles]));

    [Fact]
    public void Q4_1_IsScaleTimesNibblePlusLeast() =>
        Assert.Equal([.. Enumerable.Range(0, 16).Select(i => 0.5f * i - 2), .. Enumerable.Range(0, 16).Select(i => 0.5f * (15 - i) - 2)],
            Dequantise(new Q4_1Blocks(), [.. half, .. minusTwo, .. nibbles]));

    [Fact]
    public void Q8_0_IsScaleTimesSignedByte() =>
        Assert.Equal([-2f * -128, -2f * 127, .. Enumerable.Range(2, 30).Select(i => -2f * i)],
            Dequantise(new Q8_0Blocks(), [.. minusTwo, 0x80, 0x7f, .. Enumerable.Range(2, 30).Select(i => (byte)i)]));

    [Fact]
    public void F32_IsTheNumberItself() => Assert.Equal([1.5f, float.NaN], Dequantise(new F32Blocks(), [0, 0, 0xc0, 0x3f, 0, 0, 0xc0, 0x7f]));

    [Fact]
    public void BF16_IsTheUpperHalfOfAFloat() =>
        Assert.Equal(Enumerable.Range(0, 65536).Select(bits => (uint)bits << 16),
            Dequantise(new BF16Blocks(), AllBits()).Select(BitConverter.SingleToUInt32Bits));

    [Fact]
    public void F16_IsEveryHalf_WithSubnormalsInfinitiesAndNaN()
    {
        float[] values = Dequantise(new F16Blocks(), AllBits());
        for (int bits = 0; bits < values.Length; bits++)
        {
            float expected = (float)BitConverter.UInt16BitsToHalf((ushort)bits);
            if (float.IsNaN(expected)) Assert.True(float.IsNaN(values[bits]));
            else Assert.Equal(BitConverter.SingleToUInt32Bits(expected), BitConverter.SingleToUInt32Bits(values[bits]));
        }
    }

    [Theory]
    [MemberData(nameof(Readable))]
    public void Dequantise_OfManyBlocks_IsThatOfEachBlock(string name)
    {
        IBlockFormat format = GgufStorage.All.Single(storage => storage.Name == name).Format!;
        var random = new Random(5);
        for (int count = 0; count < 70; count++)
        {
            byte[] blocks = new byte[count * format.BlockBytes];
            random.NextBytes(blocks);
            Assert.Equal(blocks.Chunk(format.BlockBytes).SelectMany(block => Dequantise(format, block)), Dequantise(format, blocks));
        }
    }

    [Theory]
    [MemberData(nameof(Readable))]
    public void Dequantise_RefusesSpansThatDoNotBelongTogether(string name)
    {
        IBlockFormat format = GgufStorage.All.Single(storage => storage.Name == name).Format!;
        Assert.Throws<ArgumentException>(() => format.Dequantise(new byte[format.BlockBytes + 1], new float[format.BlockElements]));
        Assert.Throws<ArgumentException>(() => format.Dequantise(new byte[format.BlockBytes * 2], new float[format.BlockElements]));
        Assert.Throws<ArgumentException>(() => format.Dequantise(new byte[format.BlockBytes], new float[format.BlockElements * 2]));
    }

    private static byte[] AllBits() => [.. Enumerable.Range(0, 65536).SelectMany(bits => BitConverter.GetBytes((ushort)bits))];

    private static float[] Dequantise(IBlockFormat format, byte[] blocks)
    {
        float[] values = new float[blocks.Length / format.BlockBytes * format.BlockElements];
        format.Dequantise(blocks, values);
        return values;
    }
}
