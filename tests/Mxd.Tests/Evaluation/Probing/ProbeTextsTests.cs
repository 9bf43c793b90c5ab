using Mxd.Corpora;
using Mxd.Evaluation.Probing;
using Mxd.Tests.Corpora;
using Mxd.Tests.LanguageModels.Generation;

namespace Mxd.Tests.Evaluation.Probing;

public sealed class ProbeTextsTests : IDisposable
{
    private readonly CorpusFolder folder = new();
    private readonly NumberTokenizer tokenizer = new(1000);

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Texts_AreShuffledBySeed_AndCappedAfterwards()
    {
        ProbeOptions options = Options(Lines(50));
        ProbeTexts all = ProbeTexts.From(options, tokenizer, null), few = ProbeTexts.From(options with { Texts = 20 }, tokenizer, null);
        Assert.Equal(50, all.Tokens.Count);
        Assert.Equal(all.Tokens.Take(20), few.Tokens);
        Assert.Equal((40, 16), (all.Train, few.Train));
        Assert.NotEqual(all.Tokens, ProbeTexts.From(options with { Seed = 1 }, tokenizer, null).Tokens);
        Assert.Equal(Enumerable.Range(0, 50), all.Tokens.Select(tokens => tokens[0]).Order());
        Assert.NotEqual(Enumerable.Range(0, 50), all.Tokens.Select(tokens => tokens[0]));
    }

    [Fact]
    public void Members_AreTheTextsOfTheClass()
    {
        var texts = ProbeTexts.From(Options(Lines(50)), tokenizer, null);
        Assert.Equal(["a", "b"], texts.Classes.Select(c => c.Label));
        Assert.Equal([25, 25], texts.Classes.Select(c => c.Texts));
        Assert.Equal(texts.Tokens.Select(tokens => tokens[0] % 2 == 1), texts.Members(texts.Classes[1]));
    }

    [Fact]
    public void TextsThatAreTooShort_DoNotCount()
    {
        string path = folder.Write("data.jsonl", Lines(20) + string.Concat(Enumerable.Repeat("{\"text\": \"1 2 3 4\", \"label\": \"a\"}\n", 7)));
        var texts = ProbeTexts.From(Options(path, isPath: true), tokenizer, null);
        Assert.Equal((20, 7, 27), (texts.Tokens.Count, texts.TooShort, texts.Read));
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 5)]
    public void LongTexts_AreCutAtOneEnd(bool keepEnd, int first)
    {
        string path = folder.Write("data.jsonl", string.Concat(Enumerable.Range(0, 20).Select(i => $"{{\"text\": \"0 1 2 3 4 5 6 7 8 9 10 11\", \"label\": {i % 2}}}\n")));
        var texts = ProbeTexts.From(Options(path, isPath: true) with { Context = 8, KeepEnd = keepEnd }, tokenizer, null);
        Assert.All(texts.Tokens, tokens => Assert.Equal(Enumerable.Range(first, 7), tokens));
        Assert.Equal(["0", "1"], texts.Classes.Select(c => c.Label));
    }

    [Fact]
    public void ClassesThatCannotBeTold_SayWhy()
    {
        string path = folder.Write("data.jsonl", Lines(40) + "{\"text\": \"1 2 3 4 5\", \"label\": \"once\"}\n{\"text\": \"1\", \"label\": \"short\"}\n");
        var texts = ProbeTexts.From(Options(path, isPath: true), tokenizer, null);
        Assert.Contains("of its 1 text", texts.Classes.Single(c => c.Label == "once").LeftOut, StringComparison.Ordinal);
        Assert.Contains("none of its texts", texts.Classes.Single(c => c.Label == "short").LeftOut, StringComparison.Ordinal);
        Assert.All(texts.Classes.Take(2), c => Assert.Null(c.LeftOut));
    }

    [Theory]
    [InlineData("{\"text\": \"1 2 3 4 5\", \"label\": \"a\"}\n{\"text\": \"1 2 3 4 5\", \"label\": \"a\"}\n", "data.jsonl has the one label 'a' under 'label'; a class is told from others")]
    [InlineData("{\"text\": \"1 2 3 4 5\", \"label\": \"a\"}\n{\"text\": \"1 2 3 4 5\", \"label\": \"b\"}\n", "data.jsonl has 2 texts of 5 tokens or more, too few: with --train 0.8")]
    [InlineData("{\"text\": \"1 2 3 4 5\", \"label\": \"a\"}\n{\"text\": \"1 2 3 4 5\"}\n", "data.jsonl, line 2 has no field 'label'; its fields are 'text': choose the one that holds the label by --label, or pass over such lines with --skip-bad.")]
    [InlineData("{\"text\": \"1 2 3 4 5\", \"label\": \" \"}\n", "data.jsonl, line 1 has an empty label under 'label': give it one, or pass over such rows with --skip-bad.")]
    [InlineData("{\"text\": \"1 2 3 4 5\", \"label\": null}\n", "data.jsonl, line 1 has null under 'label'; it must be a string, a number or a boolean: mend it, or pass over such lines with --skip-bad.")]
    public void WhatCannotBeProbed_IsRefused(string content, string message)
    {
        string path = folder.Write("data.jsonl", content);
        Assert.StartsWith(message, folder.Message(() => ProbeTexts.From(Options(path, isPath: true), tokenizer, null)), StringComparison.Ordinal);
    }

    [Fact]
    public void RowsWithoutALabel_AreCounted()
    {
        string path = folder.Write("data.jsonl", Lines(20) + "{\"text\": \"1 2 3 4 5\"}\n{\"text\": \"1 2 3 4 5\", \"label\": \"\"}\n");
        var bad = new BadRows();
        Assert.Equal(20, ProbeTexts.From(Options(path, isPath: true), tokenizer, bad).Tokens.Count);
        Assert.Equal(2, bad.Count);
    }

    [Fact]
    public void Options_BreakingRules_AreAllNamed()
    {
        var options = new ProbeOptions { Candidates = 0, Context = 1, LeastTokens = 0, Texts = 1, Train = 1, Sizes = [0], Pooling = "sum", ModelDtype = "int8", Untrained = -1 };
        Assert.Equal(9, options.Problems().Count());
        Assert.Empty(new ProbeOptions().Problems());
        Assert.Single(new ProbeOptions { LeastTokens = 20, Context = 16 }.Problems());
    }

    /// <summary>Texts of five tokens, which begin with the line's number; labels a and b by turns.</summary>
    private static string Lines(int count) => string.Concat(Enumerable.Range(0, count).Select(i => $"{{\"text\": \"{i} 1 2 3 4\", \"label\": \"{(i % 2 == 0 ? "a" : "b")}\"}}\n"));

    private ProbeOptions Options(string content, bool isPath = false) => new() { Data = [isPath ? content : folder.Write("data.jsonl", content)] };
}
