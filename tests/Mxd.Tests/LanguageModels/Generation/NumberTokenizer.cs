using Mxd.Runtime;
using Mxd.Tokenizers;

namespace Mxd.Tests.LanguageModels.Generation;

/// <summary>A tokenizer for models without one: a token's text is its id and a space.</summary>
internal sealed class NumberTokenizer(int size) : ITokenizer
{
    public IReadOnlyList<int> MissingIds { get; init; } = [];

    public int VocabularySize => size;

    public int Separator => 0;

    public int FirstToken => 0;

    public IReadOnlyList<int> EndTokens => [];

    public string Hash => "numbers";

    public int[] Encode(string text) => [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)];

    public string Decode(IReadOnlyList<int> ids) => string.Concat(ids.Select(id => $"{id} "));

    public byte[] DecodeBytes(IReadOnlyList<int> ids) => System.Text.Encoding.UTF8.GetBytes(Decode(ids));

    public int? Find(string token) => throw new MxdInputException("Numbers have no names.");
}
