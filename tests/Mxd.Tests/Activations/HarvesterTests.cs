using Mxd.Activations;
using Mxd.LanguageModels;
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
        using ActivationPairs pairs = new Harvester(model, HookPoint.MlpInput(0), HookPoint.MlpOutput(1)).Harvest(Tokens(model, 2));
        Assert.Equal(2, model.BlocksRun);
        Assert.Equal(10, pairs.Count);
    }

    [Fact]
    public void Harvest_GivesRowsInTheOrderOfTheTokens()
    {
        using DisposeScope scope = NewDisposeScope();
        using var model = new CountingModel(5);
        using ActivationPairs pairs = new Harvester(model, HookPoint.MlpInput(0), HookPoint.MlpOutput(0)).Harvest(Tokens(model, 3));
        float[] rows = pairs.Inputs.data<float>().ToArray();
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

    private static Tensor Tokens(CountingModel model, int contexts) =>
        model.Contexts(contexts).ToTensor(Enumerable.Range(0, contexts).Select(i => (long)i));
}
