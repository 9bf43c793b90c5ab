using System.Text.Json.Nodes;
using Mxd.Runtime;
using Mxd.Tests.Runtime;
using Mxd.Tokenizers;

namespace Mxd.Tests.Tokenizers;

public sealed class HuggingFaceTokenizerTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private string Folder => Path.GetDirectoryName(folder.File("tokenizer.json"))!;

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Load_GivesTheIdsOfTheSameVocabularyFromGguf_AndItsHash()
    {
        var random = new Random(7);
        BpeVocabulary vocabulary = TestVocabulary.Create(TestVocabulary.RandomMerges(random, 40));
        Write(vocabulary, json => json["pre_tokenizer"] = SmolLm());
        ITokenizer loaded = HuggingFaceTokenizer.Load(Folder), direct = new ByteLevelBpeTokenizer(vocabulary);
        Assert.Equal(direct.Hash, loaded.Hash);
        for (int round = 0; round < 500; round++)
        {
            string text = RandomText.Create(random, random.Next(1, 40));
            Assert.Equal(direct.Encode(text), loaded.Encode(text));
        }
    }

    [Fact]
    public void Merges_AreLinesOrPairs()
    {
        BpeVocabulary vocabulary = TestVocabulary.Create("a b", "ab c");
        Write(vocabulary);
        int[] lines = HuggingFaceTokenizer.Load(Folder).Encode("abcab");
        Write(vocabulary, json => json["model"]!["merges"] = new JsonArray(new JsonArray("a", "b"), new JsonArray("ab", "c")));
        Assert.Equal(lines, HuggingFaceTokenizer.Load(Folder).Encode("abcab"));
        Assert.Equal(2, lines.Length);
    }

    [Fact]
    public void WholePieces_GoBeforeMerges_WhereTheFileSaysSo()
    {
        // "abc" cannot be reached by the merges, since "b c" comes first.
        BpeVocabulary vocabulary = TestVocabulary.Create("b c", "a b", "ab c");
        Write(vocabulary);
        Assert.Equal(2, HuggingFaceTokenizer.Load(Folder).Encode("abc").Length);
        Write(vocabulary, json => json["model"]!["ignore_merges"] = true);
        ITokenizer whole = HuggingFaceTokenizer.Load(Folder);
        Assert.Equal([whole.Find("abc")!.Value], whole.Encode("abc"));
    }

    [Fact]
    public void NormalisedText_IsSearchedForTextTokens_AfterSpecialOnes()
    {
        BpeVocabulary vocabulary = TestVocabulary.Create();
        int first = vocabulary.Tokens.Count;
        Write(vocabulary, json =>
        {
            json["normalizer"] = new JsonObject { ["type"] = "NFC" };
            json["added_tokens"]!.AsArray().Add(new JsonObject { ["id"] = first + 1, ["content"] = "éé", ["normalized"] = true });
        });
        ITokenizer tokenizer = HuggingFaceTokenizer.Load(Folder);
        Assert.Equal(first + 2, tokenizer.VocabularySize);
        Assert.Equal([first], tokenizer.MissingIds);
        Assert.Equal([TestVocabulary.EndOfText, first + 1], tokenizer.Encode("<|endoftext|>e\u0301e\u0301"));
        Assert.Equal("<|endoftext|>éé", tokenizer.Decode([TestVocabulary.EndOfText, first + 1]));
        Assert.Equal($"<|no token {first}|>", tokenizer.Decode([first]));
    }

    [Fact]
    public void TextTokens_AreNormalisedThemselves_WhereTheTextIs()
    {
        BpeVocabulary vocabulary = TestVocabulary.Create();
        int added = vocabulary.Tokens.Count;
        Write(vocabulary, json => AddToken(json, new JsonObject { ["type"] = "NFC" }));
        ITokenizer normalising = HuggingFaceTokenizer.Load(Folder);
        Assert.Equal([added], normalising.Encode("e\u0301!"));
        Assert.Equal([added], normalising.Encode("\u00E9!"));
        Write(vocabulary, json => AddToken(json, null));
        ITokenizer plain = HuggingFaceTokenizer.Load(Folder);
        Assert.Equal([added], plain.Encode("e\u0301!"));
        Assert.Equal(3, plain.Encode("\u00E9!").Length);

        void AddToken(JsonObject json, JsonNode? normalizer)
        {
            json["normalizer"] = normalizer;
            json["added_tokens"]!.AsArray().Add(new JsonObject { ["id"] = added, ["content"] = "e\u0301!", ["normalized"] = true });
        }
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("""{"bos_token": {}}""")]
    [InlineData("""{"eos_token": "\ud800"}""")]
    public void ADamagedConfiguration_IsNamedItself(string config)
    {
        Write(TestVocabulary.Create());
        File.WriteAllText(Path.Combine(Folder, "tokenizer_config.json"), config);
        string message = Assert.Throws<MxdInputException>(() => HuggingFaceTokenizer.Load(Folder)).Message;
        Assert.StartsWith(Path.Combine(Folder, "tokenizer_config.json") + " is not a tokenizer's configuration", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Theory]
    [InlineData("""{"bos_token": "<s>", "eos_token": {"content": "</s>"}}""", "<s>", "</s>")]
    [InlineData("""{"bos_token": null}""", "<|begin_of_text|>", "<|end_of_text|>")]
    [InlineData(null, "<|begin_of_text|>", "<|end_of_text|>")]
    public void FirstTokenAndSeparator_AreThoseOfTheConfiguration_OrTheUsualOnes(string? config, string first, string separator)
    {
        string[] tokens = ["<s>", "</s>", "<|begin_of_text|>", "<|end_of_text|>", "a"];
        Write(new BpeVocabulary(tokens, [], [0, 1, 2, 3], "gpt-2"));
        if (config is not null) File.WriteAllText(Path.Combine(Folder, "tokenizer_config.json"), config);
        ITokenizer tokenizer = HuggingFaceTokenizer.Load(Folder);
        Assert.Equal(Array.IndexOf(tokens, first), tokenizer.FirstToken);
        Assert.Equal(Array.IndexOf(tokens, separator), tokenizer.Separator);
        Assert.Equal([tokenizer.Separator], tokenizer.EndTokens);
    }

    [Theory]
    [InlineData("model", """{"type": "Unigram", "vocab": []}""", "'Unigram'")]
    [InlineData("model", """{"type": "BPE", "byte_fallback": true, "vocab": {}, "merges": []}""", "byte_fallback")]
    [InlineData("model", """{"type": "BPE", "dropout": 0.1, "vocab": {}, "merges": []}""", "dropout")]
    [InlineData("model", """{"type": "BPE", "vocab": {"a": -1}, "merges": []}""", "id -1")]
    [InlineData("model", """{"type": "BPE", "vocab": {"a": 1, "b": 1}, "merges": []}""", "id 1 is both 'a' and 'b'")]
    [InlineData("model", """{"type": "BPE", "vocab": {"a": 2000000000}, "merges": []}""", "2000000000")]
    [InlineData("model", """{"type": "BPE", "vocab": {"a": 16777215}, "merges": []}""", "token 'a' has the id 16777215, but there are only 3 tokens; an id of at most 1006 is expected: ")]
    [InlineData("model", """{"type": "BPE", "vocab": {"a": 9}, "merges": ["a a a"]}""", "Merge 0")]
    [InlineData("model", """{"type": "BPE", "vocab": {"a": 9}, "merges": ["a a", null]}""", "merges[1] has 'null' where a text is expected: ")]
    [InlineData("model", """{"type": "BPE", "vocab": {"a": 9}, "merges": [""]}""", "merges[0]")]
    [InlineData("model", """{"type": "BPE", "vocab": {"a": 9}, "merges": [["a", null]]}""", "merges[0]")]
    [InlineData("model", """{"type": "BPE", "vocab": {"a": 9}, "merges": [["a"]]}""", "Merge 0")]
    [InlineData("model", """{"type": "BPE", "vocab": {"a": 9}, "merges": [3]}""", "merges[0] has '3'")]
    [InlineData("model", """{"type": "BPE"}""", "not a tokenizer")]
    [InlineData("model", """{"type": "BPE", "vocab": 3, "merges": []}""", "not a tokenizer")]
    [InlineData("normalizer", """{"type": "Lowercase"}""", "'Lowercase'")]
    [InlineData("pre_tokenizer", """{"type": "Metaspace"}""", "'Metaspace'")]
    [InlineData("pre_tokenizer", """null""", "byte-level")]
    [InlineData("pre_tokenizer", """{"type": "ByteLevel", "add_prefix_space": true}""", "add_prefix_space")]
    [InlineData("pre_tokenizer", """{"type": "Split", "pattern": {"Regex": "(a+)+$"}, "behavior": "Isolated"}""", "'(a+)+$'")]
    [InlineData("pre_tokenizer", """{"type": "Split", "pattern": {"Regex": null}, "behavior": "Isolated"}""", "the pattern ''")]
    [InlineData("added_tokens", """[{"id": 0, "content": "x", "lstrip": true}]""", "lstrip")]
    [InlineData("added_tokens", """[{"id": 0, "content": "<|endoftext|>"}, {"id": 1, "content": null}]""", "added_tokens[1] has 'null' where a text is expected: ")]
    [InlineData("added_tokens", """[{"id": 0, "content": ""}]""", "added_tokens[0]")]
    [InlineData("added_tokens", """[null]""", "not a tokenizer")]
    public void TokenizersOfOtherKinds_AreRefusedByName(string part, string value, string expected)
    {
        Write(TestVocabulary.Create(), json => json[part] = JsonNode.Parse(value));
        string message = Assert.Throws<MxdInputException>(() => HuggingFaceTokenizer.Load(Folder)).Message;
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.StartsWith(Folder, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void DamagedAndMissingFiles_AreRefused()
    {
        Assert.Contains("has no tokenizer.json", Assert.Throws<MxdInputException>(() => HuggingFaceTokenizer.Load(Folder)).Message, StringComparison.Ordinal);
        foreach (string content in new[] { "", "{", "[]", new string('[', 100_000), "{\"model\": 1}" })
        {
            File.WriteAllText(folder.File("tokenizer.json"), content);
            Assert.Contains("tokenizer.json", Assert.Throws<MxdInputException>(() => HuggingFaceTokenizer.Load(Folder)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void StreamingDecoder_GivesWhatDecodingAllAtOnceDoes_AndNoHalfCharacters()
    {
        var tokenizer = new ByteLevelBpeTokenizer(TestVocabulary.Create());
        var random = new Random(5);
        for (int round = 0; round < 300; round++)
        {
            int[] ids = round % 2 == 0
                ? tokenizer.Encode(RandomText.Create(random, random.Next(1, 30)))
                : [.. Enumerable.Range(0, 30).Select(_ => random.Next(tokenizer.VocabularySize))];
            var stream = new StreamingDecoder(tokenizer);
            string[] parts = [.. ids.Select(stream.Add), stream.Finish()];
            Assert.Equal(tokenizer.Decode(ids), string.Concat(parts));
            if (!tokenizer.Decode(ids).Contains('\uFFFD', StringComparison.Ordinal)) Assert.All(parts, part => Assert.DoesNotContain('\uFFFD', part));
        }
    }

    private static JsonObject SmolLm() => new()
    {
        ["type"] = "Sequence",
        ["pretokenizers"] = new JsonArray(
            new JsonObject { ["type"] = "Digits", ["individual_digits"] = true },
            new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["use_regex"] = true }),
    };

    private void Write(BpeVocabulary vocabulary, Action<JsonObject>? edit = null)
    {
        var tokens = new JsonObject();
        for (int id = 0; id < vocabulary.Tokens.Count; id++) tokens[vocabulary.Tokens[id]] = id;
        var json = new JsonObject
        {
            ["normalizer"] = null,
            ["pre_tokenizer"] = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false },
            ["added_tokens"] = new JsonArray([.. vocabulary.SpecialTokens.Select(id => (JsonNode)new JsonObject { ["id"] = id, ["content"] = vocabulary.Tokens[id], ["special"] = true })]),
            ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = tokens, ["merges"] = new JsonArray([.. vocabulary.Merges.Select(m => (JsonNode)m)]) },
        };
        edit?.Invoke(json);
        File.WriteAllText(folder.File("tokenizer.json"), json.ToJsonString());
    }
}
