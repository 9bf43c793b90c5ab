using Mxd.LanguageModels;
using Mxd.LanguageModels.Families;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.LanguageModels;

public class LlamaModelTests
{
    public static TheoryData<int, int> Heads => new() { { 4, 2 }, { 4, 1 }, { 3, 3 }, { 6, 2 } };

    [Theory]
    [MemberData(nameof(Heads))]
    public void Forward_EqualsPlainLoops(int heads, int keyHeads)
    {
        using DisposeScope scope = NewDisposeScope();
        TransformerConfig config = TinyLlama.Config with { Heads = heads, KeyValueHeads = keyHeads };
        using LlamaModel model = TinyLlama.Create(seed: heads, config: config);
        using TransformerWeights weights = TinyLlama.Weights(config, seed: heads, ScalarType.Float32);
        Tensor tokens = TinyLlama.Tokens(2, 9, seed: 5);
        Tensor logits = TinyLlama.AllLogits(model, tokens).to(ScalarType.Float64);
        var plain = new PlainTransformer(config, weights);
        for (int row = 0; row < 2; row++)
        {
            double[][] expected = plain.Logits([.. tokens[row].data<long>()]);
            for (int t = 0; t < 9; t++)
                GoldenTensors.AssertRelative(tensor(expected[t]), logits[row][t], 1e-5, $"logits of row {row}, position {t}");
        }
    }

    [Fact]
    public void Forward_IsCausal()
    {
        using DisposeScope scope = NewDisposeScope();
        using LlamaModel model = TinyLlama.Create();
        Tensor tokens = TinyLlama.Tokens(1, 12, seed: 1), before = TinyLlama.AllLogits(model, tokens);
        for (int t = 0; t < 12; t++)
        {
            Tensor changed = tokens.clone();
            changed[0, t] = (tokens[0, t].ToInt64() + 1) % 37;
            Tensor after = TinyLlama.AllLogits(model, changed);
            if (t > 0) GoldenTensors.AssertClose(before.narrow(1, 0, t), after.narrow(1, 0, t), 1e-5, $"before position {t}");
            Assert.True((after - before).select(1, t).abs().max().ToDouble() > 1e-3, "The token itself made no difference.");
        }
    }

    [Fact]
    public void Forward_TreatsTheRowsOfABatchAlone()
    {
        using DisposeScope scope = NewDisposeScope();
        using LlamaModel model = TinyLlama.Create();
        Tensor tokens = TinyLlama.Tokens(4, 10, seed: 2), together = TinyLlama.AllLogits(model, tokens);
        for (int row = 0; row < 4; row++)
            GoldenTensors.AssertClose(together.narrow(0, row, 1), TinyLlama.AllLogits(model, tokens.narrow(0, row, 1)), 1e-5, $"row {row}");
    }

    [Fact]
    public void Forward_OfShorterAndLongerContexts_Agree()
    {
        using DisposeScope scope = NewDisposeScope();
        using LlamaModel model = TinyLlama.Create();
        Tensor tokens = TinyLlama.Tokens(1, 30, seed: 3);
        // The rotary table grows with the longest context seen.
        Tensor small = TinyLlama.AllLogits(model, tokens.narrow(1, 0, 5)), large = TinyLlama.AllLogits(model, tokens);
        GoldenTensors.AssertClose(large.narrow(1, 0, 5), small, 1e-5, "the first positions");
        GoldenTensors.AssertClose(small, TinyLlama.AllLogits(model, tokens.narrow(1, 0, 5)), 0, "again");
    }

    [Fact]
    public void RunLayers_InPieces_EqualsOnePass()
    {
        using DisposeScope scope = NewDisposeScope();
        using LlamaModel model = TinyLlama.Create();
        Tensor x = model.Embed(TinyLlama.Tokens(2, 8, seed: 4)), before = x.clone(), whole = model.RunLayers(x, 0, 3);
        for (int cut = 0; cut <= 3; cut++)
            GoldenTensors.AssertClose(whole, model.RunLayers(model.RunLayers(x, 0, cut), cut, 3), 0, $"cut at {cut}");
        GoldenTensors.AssertClose(before, x, 0, "the given residual stream");
    }

    [Fact]
    public void Forward_InBfloat16_IsNearFloat32()
    {
        using DisposeScope scope = NewDisposeScope();
        using LlamaModel model = TinyLlama.Create(), half = TinyLlama.Create(dtype: ScalarType.BFloat16);
        Tensor tokens = TinyLlama.Tokens(2, 16, seed: 5);
        Assert.Equal(ScalarType.BFloat16, half.Forward(tokens).dtype);
        Tensor logits = TinyLlama.AllLogits(half, tokens);
        Assert.Equal(ScalarType.Float32, logits.dtype);
        GoldenTensors.AssertRelative(TinyLlama.AllLogits(model, tokens), logits, 0.05, "logits");
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void Model_LeavesItsResultsAlive_AndNothingElse(ScalarType dtype)
    {
        using DisposeScope scope = NewDisposeScope();
        using LlamaModel model = TinyLlama.Create(dtype: dtype);
        Tensor tokens = TinyLlama.Tokens(2, 8, seed: 6);
        // The first pass makes the rotary table, which stays.
        Tensor hidden = model.Forward(tokens).reshape(-1, 12), x = model.Embed(tokens);
        Assert.Equal(1, LiveTensors.LeftBy(() => model.Embed(tokens)));
        Assert.Equal(1, LiveTensors.LeftBy(() => model.RunLayers(x, 0, 3)));
        Assert.Equal(1, LiveTensors.LeftBy(() => model.FinalNorm(x)));
        Assert.Equal(1, LiveTensors.LeftBy(() => model.Logits(hidden)));
        Assert.Equal(1, LiveTensors.LeftBy(() => model.Forward(tokens)));
    }

    [Fact]
    public void Dispose_FreesEverything() => Assert.Equal(0, LiveTensors.LeftBy(() =>
    {
        using DisposeScope scope = NewDisposeScope();
        using LlamaModel model = TinyLlama.Create();
        return model.Forward(TinyLlama.Tokens(1, 4, seed: 7));
    }));

    [Fact]
    public void TheMlpsInput_IsTheNormalisedOne_TimesTheNormsScale()
    {
        using DisposeScope scope = NewDisposeScope();
        using LlamaModel model = TinyLlama.Create();
        using TransformerWeights weights = TinyLlama.Weights(TinyLlama.Config, seed: 1, ScalarType.Float32);
        Dictionary<HookSite, Tensor> seen = [];
        using (Watch(HookSite.MlpNormalized))
        using (Watch(HookSite.MlpScaled))
            model.Forward(TinyLlama.Tokens(2, 8, seed: 9));
        using Tensor normalised = seen[HookSite.MlpNormalized], scaled = seen[HookSite.MlpScaled];
        GoldenTensors.AssertClose(normalised * weights.Blocks[1].MlpNorm.Scale, scaled, 0, "ln2.output");

        IDisposable Watch(HookSite site) => model.Hooks.Add(new HookPoint(1, site), value =>
        {
            seen[site] = value.clone().DetachFromDisposeScope();
            return value;
        });
    }

    [Fact]
    public void Hooks_RunInTheOrderTheyWereAdded_AndMayReplaceAnyValueByATensorOfTheCallers()
    {
        using DisposeScope scope = NewDisposeScope();
        using LlamaModel model = TinyLlama.Create();
        Tensor tokens = TinyLlama.Tokens(2, 8, seed: 8), clean = model.Forward(tokens), own = ones(2, 8, 12);
        foreach (HookSite site in Enum.GetValues<HookSite>())
        {
            List<int> calls = [];
            var point = new HookPoint(1, site);
            using (model.Hooks.Add(point, v => { calls.Add(1); return own; }))
            using (model.Hooks.Add(point, v => { calls.Add(2); GoldenTensors.AssertClose(own, v, 0, "v"); return v; }))
            {
                using DisposeScope pass = NewDisposeScope();
                Tensor first = model.Forward(tokens), second = model.Forward(tokens);
                GoldenTensors.AssertClose(first, second, 0, $"{site}, twice");
                Assert.True((first - clean).abs().max().ToDouble() > 1e-3, $"{site} was not replaced.");
            }
            Assert.Equal([1, 2, 1, 2], calls);
            Assert.Equal(192, own.sum().ToDouble());
            GoldenTensors.AssertClose(clean, model.Forward(tokens), 0, $"after {site}");
        }
    }
}
