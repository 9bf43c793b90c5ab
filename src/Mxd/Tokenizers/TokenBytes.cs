using System.Text;

namespace Mxd.Tokenizers;

/// <summary>The bytes of every token, end to end.</summary>
internal sealed class TokenBytes
{
    private const int LongestPiece = 1024;

    private readonly byte[] bytes;
    private readonly int[] starts;

    public TokenBytes(IReadOnlyList<string> tokens, IReadOnlySet<int> specialTokens)
    {
        using var all = new MemoryStream();
        starts = new int[tokens.Count + 1];
        for (int id = 0; id < tokens.Count; id++)
        {
            Write(all, tokens[id], specialTokens.Contains(id));
            starts[id + 1] = (int)all.Length;
        }
        bytes = all.ToArray();
        for (int id = 0; id < tokens.Count; id++) Longest = Math.Clamp(this[id].Length, Longest, LongestPiece);
    }

    /// <summary>Bytes of the longest token, at most <see cref="LongestPiece"/>.</summary>
    public int Longest { get; }

    public int Count => starts.Length - 1;

    public ReadOnlySpan<byte> this[int id] => bytes.AsSpan(starts[id], starts[id + 1] - starts[id]);

    // Padding and unused tokens may hold characters outside the byte alphabet; they, like special tokens, stand for their own text.
    private static void Write(MemoryStream all, string token, bool isSpecial)
    {
        if (isSpecial || token.Any(character => ByteAlphabet.ToByte(character) < 0))
        {
            all.Write(Encoding.UTF8.GetBytes(token));
            return;
        }
        foreach (char character in token)
            all.WriteByte((byte)ByteAlphabet.ToByte(character));
    }
}
