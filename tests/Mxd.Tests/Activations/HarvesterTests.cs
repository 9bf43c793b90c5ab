using Mxd.Activations;
using Mxd.LanguageModels;
using Mxd.Tests.LanguageModels;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Activations;

public class HarvesterTests
{
    [Fact]
    public void Harvest_RunsNoLayerAfterTheHookPoints()
    {
        using DisposeScope scope = NewDisposeScope();
        using var model = new CountingModel(5);
        using ActivationRows rows = new Harvester(model, HookPoint.MlpInput(0), HookPoint.MlpOutput(1)).Harvest(Tokens(model, 2));
        Assert.Equal(2, model.BlocksRun);
        Assert.Equal(10, rows.Count);
    }

    [Fact]
    public void Harvest_GivesRowsInTheOrderOfTheTokens()
    {
        using DisposeScope scope = NewDisposeScope();
        using var model = new CountingModel(5);
        using ActivationRows harvested = new Harvester(model, HookPoint.MlpInput(0), HookPoint.MlpOutput(0)).Harvest(Tokens(model, 3));
        float[] rows = harvested[HookPoint.MlpInput(0)].data<float>().ToArray();
        for (int i = 0; i < 15; i++) Assert.Equal([i / 5, i % 5, i / 5, 3], rows[(4 * i)..(4 * i + 4)]);
    }

    [Fact]
    public void Harvest_LeavesNoHook_AndOnlyItsRowsAlive()
    {
        using DisposeScope scope = NewDisposeScope();
        using var model = new CountingModel(5);
        var harvester = new Harvester(model, HookPoint.MlpInput(2), HookPoint.MlpOutput(2));
        Tensor tokens = Tokens(model, 3);
        Assert.Equal(2, LiveTensors.LeftBy(() => harvester.Harvest(tokens)));
        using IDisposable failing = model.Hooks.Add(HookPoint.MlpOutput(2), _ => throw new InvalidOperationException("on purpose"));
        Assert.Equal(0, LiveTensors.LeftBy(() => Assert.Throws<InvalidOperationException>(() => harvester.Harvest(tokens))));
        failing.Dispose();
        Assert.Equal(0, LiveTensors.LeftBy(() =>
        {
            using DisposeScope pass = NewDisposeScope();
            return model.Forward(tokens);
        }));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Harvest_OfManyPoints_EqualsAWholePass_BitForBit(string family, int seed)
    {
        using DisposeScope scope = NewDisposeScope();
        using LanguageModel model = Model(family, seed);
        Tensor tokens = TinyLlama.Tokens(2, 9, seed, model.Identity.Vocabulary);
        Dictionary<HookPoint, Tensor> whole = AllValues(model, tokens);
        using ActivationRows rows = new Harvester(model, whole.Keys.Reverse()).Harvest(tokens);
        Assert.Equal(whole.Count, rows.Points.Count);
        foreach ((HookPoint point, Tensor value) in whole)
        {
            GoldenTensors.AssertClose(value, rows[point], 0, $"{point} among all");
            using ActivationRows alone = new Harvester(model, point, point).Harvest(tokens);
            GoldenTensors.AssertClose(value, Assert.Single(alone.Values), 0, $"{point} alone");
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Harvest_EndsAtTheLastPoint(string family, int seed)
    {
        using DisposeScope scope = NewDisposeScope();
        using LanguageModel model = Model(family, seed);
        Tensor tokens = TinyLlama.Tokens(2, 9, seed, model.Identity.Vocabulary);
        int last = model.Identity.Layers - 1;
        bool mlpWasRun = false, blockEnded = false;
        using IDisposable mlp = model.Hooks.Add(HookPoint.MlpOutput(last), value => Seen(value, ref mlpWasRun));
        using IDisposable end = model.Hooks.Add(new HookPoint(last, HookSite.ResidualAfter), value => Seen(value, ref blockEnded));
        foreach (HookSite site in new[] { HookSite.ResidualBefore, HookSite.MlpNormalized, HookSite.MlpScaled })
        {
            new Harvester(model, new HookPoint(last, site)).Harvest(tokens).Dispose();
            Assert.False(mlpWasRun, $"The MLP was run for {site}.");
        }
        new Harvester(model, HookPoint.MlpInput(last), HookPoint.MlpOutput(last)).Harvest(tokens).Dispose();
        Assert.True(mlpWasRun);
        Assert.False(blockEnded, "The block was run to its end for the MLP's output.");
    }

    [Fact]
    public void Rows_OfAPointThatWasNotRead_AreRefusedByName()
    {
        using DisposeScope scope = NewDisposeScope();
        using var model = new CountingModel(5);
        using ActivationRows rows = new Harvester(model, HookPoint.MlpInput(1)).Harvest(Tokens(model, 2));
        Assert.Contains("blocks.1.hook_mlp_out was not read", Assert.Throws<ArgumentException>(() => rows[HookPoint.MlpOutput(1)]).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new Harvester(model));
    }

    public static TheoryData<string, int> Families
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (string family in RandomTransformer.Families)
                for (int seed = 0; seed < 4; seed++) data.Add(family, seed);
            return data;
        }
    }

    private static LanguageModel Model(string family, int seed)
    {
        TransformerConfig config = RandomTransformer.Config(family, seed);
        var identity = new ModelIdentity("random", family, config, "tokenizer", () => "weights");
        return ModelFamily.All.Single(f => f.Name == family).Create(identity, config, RandomTransformer.Weights(config, seed));
    }

    private static Dictionary<HookPoint, Tensor> AllValues(LanguageModel model, Tensor tokens)
    {
        var values = new Dictionary<HookPoint, Tensor>();
        List<IDisposable> hooks = [];
        for (int layer = 0; layer < model.Identity.Layers; layer++)
            foreach (HookSite site in Enum.GetValues<HookSite>())
            {
                var point = new HookPoint(layer, site);
                hooks.Add(model.Hooks.Add(point, value =>
                {
                    values[point] = value.clone().reshape(-1, value.shape[^1]).DetachFromDisposeScope();
                    return value;
                }));
            }
        model.Forward(tokens);
        hooks.ForEach(hook => hook.Dispose());
        return values;
    }

    private static Tensor Seen(Tensor value, ref bool seen)
    {
        seen = true;
        return value;
    }

    private static Tensor Tokens(CountingModel model, int contexts) =>
        model.Contexts(contexts).ToTensor(Enumerable.Range(0, contexts).Select(i => (long)i));
}
