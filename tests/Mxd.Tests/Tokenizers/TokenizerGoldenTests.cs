using System.Text.Json;
using Mxd.Formats;
using Mxd.Tokenizers;

namespace Mxd.Tests.Tokenizers;

public class TokenizerGoldenTests
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web);

    public static TheoryData<string> SmolLmCases => TestFiles.FindGolden("tokenizers", "smollm2.json");

    public static TheoryData<string> GgufCases => TestFiles.FindGolden("tokenizers", "*.gguf");

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(SmolLmCases))]
    [Trait("Category", "Golden")]
    public void Encode_GivesTheGoldenIds_WithTheModelsVocabulary(string name) => RequireGoldenIds(name, SmolLmVocabulary.PathOrSkip());

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(GgufCases))]
    [Trait("Category", "Golden")]
    public void Encode_GivesTheGoldenIds_WithTheVocabularyBesideThem(string name) => RequireGoldenIds(name, TestFiles.GoldenPath(name, ".gguf"));

    private static void RequireGoldenIds(string name, string vocabulary)
    {
        using GgufFile file = GgufFile.Open(vocabulary);
        ITokenizer tokenizer = GgufTokenizer.Load(file);
        GoldenCase[] cases = JsonSerializer.Deserialize<GoldenCase[]>(File.ReadAllBytes(TestFiles.GoldenPath(name, ".json")), Options)!;
        Assert.NotEmpty(cases);
        foreach (GoldenCase golden in cases)
        {
            Assert.Equal(golden.Ids, tokenizer.Encode(golden.Text));
            Assert.Equal(golden.Text, tokenizer.Decode(golden.Ids));
        }
    }

    private sealed record GoldenCase(string Text, int[] Ids);
}
