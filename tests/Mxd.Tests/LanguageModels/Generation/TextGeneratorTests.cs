using System.Text;
using Mxd.Formats;
using Mxd.LanguageModels.Families;
using Mxd.LanguageModels.Generation;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.LanguageModels.Generation;

public class TextGeneratorTests
{
    private static readonly int[] prompt = [3, 1, 4];

    public static TheoryData<string> Texts => TestFiles.FindGolden("smollm2", "layer*.safetensors");

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Texts))]
    [Trait("Category", "Golden")]
    public void Greedy_ContinuesTheGoldenTexts(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using SafetensorsFile golden = SafetensorsFile.Open(TestFiles.GoldenPath(name, ".safetensors"));
        var generator = new TextGenerator(RealModel.Model, RealModel.File.Tokenizer);
        for (int i = 0; golden.Contains($"{i}.greedy"); i++)
        {
            int[] ids = [.. golden.Read($"{i}.greedy").data<long>().Select(id => (int)id)];
            var written = new StringBuilder();
            GeneratedText text = generator.Generate(ids[..16], Greedy(ids.Length - 16), (_, piece) => written.Append(piece)).Samples.Single();
            Assert.Equal(ids, text.Ids);
            Assert.Equal(RealModel.File.Tokenizer.Decode(ids[16..]), text.Text);
            Assert.Equal(text.Text, written.ToString());
        }
    }

    [Fact]
    public void Samples_AreTheSameTogetherAndAlone()
    {
        using LlamaModel model = TinyLlama.Create();
        var generator = new TextGenerator(model, new NumberTokenizer(37));
        var options = new GenerationOptions { MaximumTokens = 12, Samples = 3, Sampling = new SamplingOptions { Seed = 5, TopP = 0.9 } };
        Generated three = generator.Generate(prompt, options), one = generator.Generate(prompt, options with { Samples = 1 });
        Assert.Equal(one.Samples[0].Ids, three.Samples[0].Ids);
        Assert.Equal(3, three.Samples.Select(s => s.Text).Distinct().Count());
        Assert.Equal(36, three.Tokens);
        Assert.All(three.Samples, s => Assert.Equal(EndReason.Length, s.End));
    }

    [Fact]
    public void StopTexts_EndASampleBeforeThem_AndAreNeverWritten()
    {
        using LlamaModel model = TinyLlama.Create();
        var generator = new TextGenerator(model, new NumberTokenizer(37));
        string whole = generator.Generate(prompt, Greedy(20)).Samples[0].Text;
        for (int start = 1; start < whole.Length - 5; start += 3)
        {
            // Whatever text comes somewhere, over the borders of tokens too.
            string stop = whole.Substring(start, 4), expected = whole[..whole.IndexOf(stop, StringComparison.Ordinal)];
            var written = new StringBuilder();
            GeneratedText text = generator.Generate(prompt, Greedy(20) with { Stop = ["never", stop] }, (_, piece) => written.Append(piece)).Samples[0];
            Assert.Equal((expected, EndReason.Stop), (text.Text, text.End));
            Assert.Equal(expected, written.ToString());
        }
    }

    [Fact]
    public void EndTokens_EndASample_AndTheOthersGoOn()
    {
        using LlamaModel model = TinyLlama.Create();
        var generator = new TextGenerator(model, new NumberTokenizer(37));
        var options = new GenerationOptions { MaximumTokens = 15, Samples = 4, Sampling = new SamplingOptions { Seed = 1 } };
        Generated free = generator.Generate(prompt, options);
        int end = free.Samples[1].Ids[prompt.Length + 4];
        Generated ended = generator.Generate(prompt, options with { EndTokens = [end] });
        for (int i = 0; i < 4; i++)
        {
            int[] ids = [.. free.Samples[i].Ids], expected = Array.IndexOf(ids, end, prompt.Length) is >= 0 and var at ? ids[..(at + 1)] : ids;
            Assert.Equal(expected, ended.Samples[i].Ids);
        }
        Assert.Equal(EndReason.EndToken, ended.Samples[1].End);
        Assert.DoesNotContain($"{end} ", " " + ended.Samples[1].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void AnInterruptedSample_SaysSo_AndHasNoSpeed()
    {
        using LlamaModel model = TinyLlama.Create();
        Generated none = new TextGenerator(model, new NumberTokenizer(37)).Generate(prompt, Greedy(5), cancellation: new CancellationToken(canceled: true));
        Assert.Equal(EndReason.Interrupted, none.Samples[0].End);
        Assert.Equal(prompt, none.Samples[0].Ids);
        Assert.Equal(double.NaN, none.TokensPerSecond);
    }

    [Fact]
    public void TheModelsContext_EndsASample()
    {
        using LlamaModel model = TinyLlama.Create();
        GeneratedText text = new TextGenerator(model, new NumberTokenizer(37)).Generate(prompt, Greedy(1000)).Samples[0];
        Assert.Equal((64, EndReason.Context), (text.Ids.Count, text.End));
    }

    [Fact]
    public void RowsWithoutTokens_AreNeverDrawn()
    {
        using LlamaModel model = TinyLlama.Create();
        var options = new GenerationOptions { MaximumTokens = 50, Sampling = new SamplingOptions { Temperature = 10 } };
        Assert.All(new TextGenerator(model, new NumberTokenizer(7)).Generate(prompt, options).Samples[0].Ids, id => Assert.InRange(id, 0, 6));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    public void IdsThatNoTokenHas_AreNeverDrawn(double temperature)
    {
        using LlamaModel model = TinyLlama.Create();
        var options = new GenerationOptions { MaximumTokens = 50, Samples = 2, Sampling = new SamplingOptions { Temperature = temperature, TopP = 0.99 } };
        var tokenizer = new NumberTokenizer(37) { MissingIds = [.. Enumerable.Range(0, 36).Where(id => id % 5 != 0), 99] };
        Assert.All(new TextGenerator(model, tokenizer).Generate([5, 10], options).Samples, s => Assert.All(s.Ids, id => Assert.True(id == 36 || id % 5 == 0)));
    }

    [Fact]
    public void Generate_LeavesNothingAlive()
    {
        using LlamaModel model = TinyLlama.Create();
        var generator = new TextGenerator(model, new NumberTokenizer(37));
        // The first pass makes the rotary table, which stays.
        generator.Generate(prompt, Greedy(40));
        Assert.Equal(0, LiveTensors.LeftBy(() => generator.Generate(prompt, Greedy(30))));
    }

    private static GenerationOptions Greedy(int tokens) => new() { MaximumTokens = tokens, Sampling = new SamplingOptions { Temperature = 0 } };
}
