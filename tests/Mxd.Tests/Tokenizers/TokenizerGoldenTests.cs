using System.Text;
using System.Text.Json;
using Mxd.Formats;
using Mxd.Tokenizers;

namespace Mxd.Tests.Tokenizers;

public class TokenizerGoldenTests
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web);

    public static TheoryData<string> Cases => TestFiles.FindGolden("tokenizers", "*.json");

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Cases))]
    [Trait("Category", "Golden")]
    public void Encode_GivesTheGoldenIds(string name)
    {
        ITokenizer tokenizer = Load(name);
        GoldenCase[] cases = JsonSerializer.Deserialize<GoldenCase[]>(File.ReadAllBytes(TestFiles.GoldenPath(name, ".json")), Options)!;
        Assert.NotEmpty(cases);
        foreach (GoldenCase golden in cases)
        {
            Assert.Equal(golden.Ids, tokenizer.Encode(golden.Text));
            string text = tokenizer.Decode(golden.Ids);
            // A text that is normalised comes back so, and as the same tokens. Without its bytes that no token has it may be cut otherwise.
            if (Encoding.UTF8.GetBytes(golden.Text + text).All(value => HasToken(tokenizer, value))) Assert.Equal(golden.Ids, tokenizer.Encode(text));
            var stream = new StreamingDecoder(tokenizer);
            Assert.Equal(text, string.Concat(golden.Ids.Select(stream.Add)) + stream.Finish());
        }
    }

    private static bool HasToken(ITokenizer tokenizer, byte value) => tokenizer.Find(ByteAlphabet.ToCharacter(value).ToString()) is not null;

    /// <summary>The vocabulary beside the cases, that of the real model, or a folder's in the shared material.</summary>
    private static ITokenizer Load(string name)
    {
        string beside = TestFiles.GoldenPath(name, ".gguf"), stem = Path.GetFileName(name);
        if (!File.Exists(beside) && stem != "smollm2") return HuggingFaceTokenizer.Load(TestFiles.SharedOrSkip("tokenizers", stem));
        using GgufFile file = GgufFile.Open(File.Exists(beside) ? beside : SmolLmVocabulary.PathOrSkip());
        return GgufTokenizer.Load(file);
    }

    private sealed record GoldenCase(string Text, int[] Ids);
}
