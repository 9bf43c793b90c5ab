using Mxd.Exploration.Units;
using Mxd.LanguageModels;
using Mxd.LanguageModels.Families;
using Mxd.Layers;
using Mxd.Tests.LanguageModels;
using Mxd.Tests.LanguageModels.Generation;
using Mxd.Tests.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Exploration.Units;

public class UnitVectorsTests
{
    [Theory]
    [InlineData("mxd")]
    [InlineData("glu-transcoder")]
    [InlineData("sae")]
    public void TheSameUnit_IsFoundInALayerWhoseUnitsAreInAnotherOrder(string type)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using ILayer layer = Create(type), other = Create(type);
        UnitVectors own = UnitVectors.Of(layer)!, moved = UnitVectors.Of(other)!;
        foreach ((Tensor from, Tensor to) in new[] { (own.Encoder, moved.Encoder), (own.Decoder, moved.Decoder) }) to.copy_(from.roll(3, 0) * tensor(2f));
        UnitNeighbours found = moved.NearTo(own, [4])[0], near = own.Near([2, 4])[1];
        Assert.Equal(7, found.Encoder[0].Unit);
        // Mixtures learn hidden layers of their own.
        Assert.Equal(type == "mxd" ? null : 7, (found.Decoder is [var does, ..] ? does.Unit : (int?)null));
        Assert.Equal(1, found.Encoder[0].Cosine, 1e-6);
        Assert.Equal(5, near.Encoder.Count);
        Assert.DoesNotContain(near.Encoder, n => n.Unit == 4);
        Assert.All(near.Decoder.Zip(near.Decoder.Skip(1)), pair => Assert.True(pair.First.Cosine >= pair.Second.Cosine));
    }

    /// <summary>y = (a C) * (z D): what C's columns are multiplied by, D's may be divided by.</summary>
    [Fact]
    public void WhatExpertsDo_IsComparedWhateverIsDividedBetweenScalesAndDecoder()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using ILayer layer = Create("mxd");
        Tensor scales = layer.Parameter("W_cond").Value, decoder = layer.Parameter("W_dec").Value;
        IReadOnlyList<NearUnit> before = UnitVectors.Of(layer)!.Near([4])[0].Decoder;
        // By the maps written out.
        Tensor maps = (decoder.unsqueeze(0) * scales.unsqueeze(1)).flatten(1), cosines = nn.functional.cosine_similarity(maps, maps[4].unsqueeze(0));
        foreach (NearUnit near in before) Assert.Equal(cosines[near.Unit].ToDouble(), near.Cosine, 1e-5);
        Tensor factors = tensor([.. Enumerable.Range(0, 12).Select(i => (i % 2 == 0 ? 1f : -1f) * (1 + i))]);
        scales.mul_(factors);
        decoder.div_(factors);
        IReadOnlyList<NearUnit> after = UnitVectors.Of(layer)!.Near([4])[0].Decoder;
        Assert.Equal(before.Select(n => n.Unit), after.Select(n => n.Unit));
        Assert.All(before.Zip(after), pair => Assert.Equal(pair.First.Cosine, pair.Second.Cosine, 1e-5));
        decoder.zero_();
        Assert.Equal(5, UnitVectors.Of(layer)!.Near([4])[0].Decoder.Count);
    }

    [Fact]
    public void ALayerWithoutUnits_HasNone()
    {
        using ILayer layer = RandomLayers.Create(RandomLayers.Options("dense", "relu", new Random(1)), seed: 1);
        Assert.Null(UnitVectors.Of(layer));
    }

    [Fact]
    public void Scores_AreProductsWithTheTokensVectors()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using LlamaModel model = TinyLlama.Create();
        Tensor direction = randn(12, generator: new Generator(4, CPU));
        TokenScores scores = new VocabularyScores(model, new NumberTokenizer(37) { MissingIds = [3] }).OfEmbedding(stack([-direction, direction]))[1];
        float[] expected = model.Embed(arange(37).unsqueeze(1)).squeeze(1).mv(direction).data<float>().ToArray();
        int[] order = [.. Enumerable.Range(0, 37).Where(id => id != 3).OrderByDescending(id => expected[id])];
        Assert.Equal(order.Take(10), scores.Highest.Select(s => s.Id));
        Assert.Equal(order.Reverse().Take(10), scores.Lowest.Select(s => s.Id));
        Assert.Equal(expected[order[0]] - expected.Average(), scores.Highest[0].Score, 1e-5);
        Assert.Equal($"{order[0]} ", scores.Highest[0].Text);
    }

    /// <summary>Of a model whose final norm has a shift, which favours the same tokens whatever is added, and a regulariser, which small directions vanish beside.</summary>
    [Fact]
    public void WhatADirectionPromotes_DependsNeitherOnItsLengthNorOnTheNormsShift()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        TransformerConfig config = RandomTransformer.Config("gpt2", 3);
        using var model = new Gpt2Model(TinyLlama.Identity(config), config, RandomTransformer.Weights(config, 3));
        var vocabulary = new VocabularyScores(model, new NumberTokenizer(config.Vocabulary));
        Tensor direction = randn(config.Width, generator: new Generator(4, CPU));
        IReadOnlyList<TokenScores> all = vocabulary.OfUnembedding(stack([direction, direction * tensor(1e-6f), -direction]));
        (TokenScores scores, TokenScores small, TokenScores opposite) = (all[0], all[1], all[2]);
        Assert.Equal(scores.Highest.Select(s => s.Id), small.Highest.Select(s => s.Id));
        Assert.Equal(scores.Highest.Select(s => s.Score), small.Highest.Select(s => s.Score), (a, b) => Math.Abs(a - b) < 1e-4);
        // Without a shift, the opposite direction says the opposite.
        Assert.Equal(scores.Highest.Select(s => s.Id), opposite.Lowest.Select(s => s.Id));
    }

    private static ILayer Create(string type) => RandomLayers.Create(RandomLayers.Options(type, units: 10, k: 3) with { InputWidth = 12, OutputWidth = 12 }, seed: 6);
}
