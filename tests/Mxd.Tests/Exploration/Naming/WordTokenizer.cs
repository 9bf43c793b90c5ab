using System.Text;
using Mxd.Runtime;
using Mxd.Tokenizers;

namespace Mxd.Tests.Exploration.Naming;

/// <summary>Each token id is one of a few words, drawn by it.</summary>
internal sealed class WordTokenizer : ITokenizer
{
    private static readonly string[] words = ["red", "blue", "green", "black", "white", "grey", "pink", "brown"];

    public int VocabularySize => 1 << 20;

    public int Separator => 0;

    public int FirstToken => 0;

    public IReadOnlyList<int> EndTokens => [];

    public string Hash => "words";

    /// <summary>Some words are rarer than others.</summary>
    public static string Word(int id) => words[Math.Min(words.Length - 1, Draw(id) / 3)];

    /// <summary>From 0 to 63, another number for each id.</summary>
    public static int Draw(int id) => (int)(SplitMix64.Mix((ulong)id) % 64);

    public int[] Encode(string text) => throw new NotSupportedException();

    public string Decode(IReadOnlyList<int> ids) => string.Concat(ids.Select(id => Word(id) + " "));

    public byte[] DecodeBytes(IReadOnlyList<int> ids) => Encoding.UTF8.GetBytes(Decode(ids));

    public int? Find(string token) => throw new MxdInputException("Words have no names.");
}
