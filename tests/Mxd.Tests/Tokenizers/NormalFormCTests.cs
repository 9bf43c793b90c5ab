using System.Security.Cryptography;
using System.Text;
using Mxd.Tokenizers;

namespace Mxd.Tests.Tokenizers;

public class NormalFormCTests
{
    /// <summary>What tools/nfc.py prints: the digest of Python's normal forms of texts around each code point.</summary>
    private const string Digest = "ad8117eda022fa1dd48e6a9263a6430dd465ee4800b1b4aecf692c8b970a4fe2";

    [Theory]
    [InlineData("cafe\u0301", "café")]
    [InlineData("a\u0323\u0302", "ậ")]
    [InlineData("a\u0302\u0323", "ậ")]
    [InlineData("\u1100\u1161\u11A8", "각")]
    [InlineData("\u212B", "Å")]
    [InlineData("\u0958", "\u0915\u093C")]
    [InlineData("plain", "plain")]
    [InlineData("", "")]
    public void Of_ComposesWhatComposes(string text, string expected) => Assert.Equal(expected, NormalFormC.Of(text));

    [Fact]
    public void Of_EveryCodePoint_IsWhatPythonGives()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (int code = 0; code < 0x30000; code++)
        {
            if (code is >= 0xD800 and < 0xE000) continue;
            string c = char.ConvertFromUtf32(code);
            foreach (string text in new[] { c, "e\u0323" + c + "\u0301", c + "\u0327\u0308", "\u1100" + c + "\u11A8" })
                hash.AppendData(Encoding.UTF8.GetBytes(NormalFormC.Of(text) + "\n"));
        }
        Assert.Equal(Digest, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    [Fact]
    public void Of_ANormalForm_IsItself()
    {
        var random = new Random(3);
        for (int round = 0; round < 2000; round++)
        {
            string once = NormalFormC.Of(RandomText.Create(random, random.Next(1, 30)));
            Assert.Equal(once, NormalFormC.Of(once));
        }
    }
}
