using Mxd.Formats.Pickle.Zip;

namespace Mxd.Tests.Formats.Pickle;

public class Crc32Tests
{
    /// <summary>The check value that catalogues of checksums give for this one.</summary>
    [Fact]
    public void Value_OfTheDigits_IsThePublishedOne()
    {
        var checksum = new Crc32();
        checksum.Append("123456789"u8);
        Assert.Equal(0xCBF43926u, checksum.Value);
        Assert.Equal(0u, new Crc32().Value);
    }

    [Fact]
    public void Value_IsTheSame_HoweverTheBytesAreCut()
    {
        var random = new Random(3);
        for (int length = 0; length < 100; length++)
        {
            byte[] bytes = new byte[length];
            random.NextBytes(bytes);
            Crc32 whole = new(), pieces = new(), single = new();
            whole.Append(bytes);
            int cut = random.Next(length + 1);
            pieces.Append(bytes.AsSpan(0, cut));
            pieces.Append(bytes.AsSpan(cut));
            foreach (byte b in bytes) single.Append([b]);
            Assert.Equal(single.Value, whole.Value);
            Assert.Equal(single.Value, pieces.Value);
        }
    }
}
