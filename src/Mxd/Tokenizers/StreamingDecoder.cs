using System.Text;

namespace Mxd.Tokenizers;

/// <summary>Turns ids into text as they come, keeping back the bytes of a character that is not complete yet.</summary>
public sealed class StreamingDecoder(ITokenizer tokenizer)
{
    private readonly Decoder utf8 = Encoding.UTF8.GetDecoder();

    /// <summary>The text that <paramref name="id"/> completes, which may be none.</summary>
    /// <exception cref="Mxd.Runtime.MxdInputException">The id lies outside the vocabulary.</exception>
    public string Add(int id) => Convert(tokenizer.DecodeBytes([id]), flush: false);

    /// <summary>What is left at the end: U+FFFD where a character was never completed.</summary>
    public string Finish() => Convert([], flush: true);

    private string Convert(byte[] bytes, bool flush)
    {
        char[] text = new char[Encoding.UTF8.GetMaxCharCount(bytes.Length)];
        return new string(text, 0, utf8.GetChars(bytes, 0, bytes.Length, text, 0, flush));
    }
}
