using System.Text;
using Mxd.Runtime;
using Mxd.Tokenizers;

namespace Mxd.Tests.Exploration;

/// <summary>A token a byte; 256 is the first token and the separator.</summary>
internal sealed class ByteTokenizer : ITokenizer
{
    public int VocabularySize => 257;

    public int Separator => 256;

    public int FirstToken => 256;

    public IReadOnlyList<int> EndTokens => [256];

    public string Hash => "bytes";

    public int[] Encode(string text) => [.. Encoding.UTF8.GetBytes(text).Select(b => (int)b)];

    public string Decode(IReadOnlyList<int> ids) => Encoding.UTF8.GetString(DecodeBytes(ids));

    public byte[] DecodeBytes(IReadOnlyList<int> ids) => [.. ids.SelectMany(id => id == 256 ? "<|end|>"u8.ToArray() : [(byte)id])];

    public int? Find(string token) => throw new MxdInputException("Bytes have no names.");
}
