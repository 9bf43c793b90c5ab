using Mxd.LanguageModels;
using Mxd.LanguageModels.Families;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.LanguageModels;

public class LayerSwapTests
{
    public static TheoryData<ScalarType> Dtypes => [ScalarType.Float32, ScalarType.BFloat16];

    [Theory]
    [MemberData(nameof(Dtypes))]
    public void Swap_OfTheOriginal_ChangesNothing(ScalarType dtype)
    {
        using DisposeScope scope = NewDisposeScope();
        using LlamaModel model = TinyLlama.Create(dtype: dtype);
        Tensor tokens = TinyLlama.Tokens(2, 9, seed: 1), clean = model.Forward(tokens);
        for (int layer = 0; layer < 3; layer++)
            using (new LayerSwap(model, HookPoint.MlpInput(layer), HookPoint.MlpOutput(layer), (_, original) => original))
                GoldenTensors.AssertClose(clean, model.Forward(tokens), 0, $"layer {layer}");
    }

    [Fact]
    public void Swap_OfTheMlpsOwnFormula_ChangesNothing()
    {
        using DisposeScope scope = NewDisposeScope();
        using LlamaModel model = TinyLlama.Create();
        using TransformerWeights weights = TinyLlama.Weights(TinyLlama.Config, 1, ScalarType.Float32);
        Tensor tokens = TinyLlama.Tokens(2, 9, seed: 2), clean = model.Forward(tokens);
        BlockWeights block = weights.Blocks[1];
        using LayerSwap swap = LayerSwap.Mlp(model, 1, x =>
        {
            Tensor branches = matmul(x * block.MlpNorm.Scale, block.MlpIn.Weight.t());
            return matmul(nn.functional.silu(branches.narrow(1, 0, 20)) * branches.narrow(1, 20, 20), block.MlpOut.Weight.t());
        });
        GoldenTensors.AssertClose(clean, model.Forward(tokens), 1e-5, "hidden");
    }

    [Fact]
    public void Swap_ReceivesRowsInFloat32()
    {
        using DisposeScope scope = NewDisposeScope();
        using LlamaModel model = TinyLlama.Create(dtype: ScalarType.BFloat16);
        bool called = false;
        using var swap = new LayerSwap(model, HookPoint.MlpInput(1), HookPoint.MlpOutput(1), (x, original) =>
        {
            called = true;
            Assert.Equal([18, 12], x.shape);
            Assert.Equal([18, 12], original.shape);
            Assert.Equal((ScalarType.Float32, ScalarType.Float32), (x.dtype, original.dtype));
            return original;
        });
        Assert.Equal(ScalarType.BFloat16, model.Forward(TinyLlama.Tokens(2, 9, seed: 3)).dtype);
        Assert.True(called);
    }

    [Fact]
    public void Constant_OfZeros_IsTheModelWithoutThatMlp()
    {
        using DisposeScope scope = NewDisposeScope();
        using LlamaModel model = TinyLlama.Create();
        TransformerWeights weights = TinyLlama.Weights(TinyLlama.Config, 1, ScalarType.Float32);
        weights.Blocks[1].MlpOut.Weight.zero_();
        using var without = new LlamaModel(TinyLlama.Identity(TinyLlama.Config), TinyLlama.Config, weights);
        Tensor tokens = TinyLlama.Tokens(2, 9, seed: 4);
        using LayerSwap ablated = LayerSwap.Constant(model, HookPoint.MlpOutput(1), zeros(12));
        GoldenTensors.AssertClose(without.Forward(tokens), model.Forward(tokens), 1e-6, "hidden");
    }

    [Fact]
    public void Constant_PutsTheVectorAtEveryPosition_AndLeavesItToTheCaller()
    {
        using DisposeScope scope = NewDisposeScope();
        using LlamaModel model = TinyLlama.Create();
        Tensor vector = arange(12, dtype: ScalarType.Float32);
        using LayerSwap swap = LayerSwap.Constant(model, HookPoint.MlpOutput(2), vector);
        using IDisposable look = model.Hooks.Add(HookPoint.MlpOutput(2), value =>
        {
            GoldenTensors.AssertClose(vector.expand(2, 9, 12), value, 0, "value");
            return value;
        });
        for (int i = 0; i < 2; i++) model.Forward(TinyLlama.Tokens(2, 9, seed: 5));
        Assert.Equal(66, vector.sum().ToDouble());
    }

    [Fact]
    public void Dispose_RestoresTheModel_AfterAnException()
    {
        using DisposeScope scope = NewDisposeScope();
        using LlamaModel model = TinyLlama.Create();
        Tensor tokens = TinyLlama.Tokens(2, 9, seed: 6), clean = model.Forward(tokens);
        Assert.Throws<InvalidOperationException>(() =>
        {
            using LayerSwap first = LayerSwap.Constant(model, HookPoint.MlpOutput(0), zeros(12));
            using LayerSwap failing = LayerSwap.Mlp(model, 2, _ => throw new InvalidOperationException("on purpose"));
            model.Forward(tokens);
        });
        GoldenTensors.AssertClose(clean, model.Forward(tokens), 0, "hidden");
    }

    [Fact]
    public void Swaps_AtSeveralLayers_WorkAtOnce_AndLeaveInAnyOrder()
    {
        using DisposeScope scope = NewDisposeScope();
        using LlamaModel model = TinyLlama.Create();
        Tensor tokens = TinyLlama.Tokens(2, 9, seed: 7), clean = model.Forward(tokens);
        LayerSwap first = LayerSwap.Mlp(model, 0, x => x * 0.5), second = LayerSwap.Mlp(model, 2, x => x * -1);
        Tensor both = model.Forward(tokens);
        first.Dispose();
        Tensor secondAlone = model.Forward(tokens);
        second.Dispose();
        second.Dispose();
        GoldenTensors.AssertClose(clean, model.Forward(tokens), 0, "restored");
        using (LayerSwap.Mlp(model, 2, x => x * -1)) GoldenTensors.AssertClose(secondAlone, model.Forward(tokens), 0, "second alone");
        Assert.True((both - secondAlone).abs().max().ToDouble() > 1e-3);
        Assert.True((secondAlone - clean).abs().max().ToDouble() > 1e-3);
    }

    [Fact]
    public void Swap_FromOneBlockToALaterOne_GetsTheEarlierValue()
    {
        using DisposeScope scope = NewDisposeScope();
        using LlamaModel model = TinyLlama.Create();
        Tensor tokens = TinyLlama.Tokens(2, 9, seed: 8), seen = empty(0), given = empty(0);
        using IDisposable look = model.Hooks.Add(HookPoint.MlpInput(1), value =>
        {
            seen = value.clone().DetachFromDisposeScope();
            return value;
        });
        using (new LayerSwap(model, HookPoint.MlpInput(1), HookPoint.MlpOutput(2), (x, _) =>
        {
            given = x.clone().DetachFromDisposeScope();
            return x * 2;
        }))
        {
            Tensor swapped = model.Forward(tokens);
            GoldenTensors.AssertClose(seen.reshape(18, 12), given, 0, "input");
            using LayerSwap constant = new(model, HookPoint.MlpOutput(2), HookPoint.MlpOutput(2), (_, _) => given * 2);
            GoldenTensors.AssertClose(swapped, model.Forward(tokens), 0, "hidden");
        }
        seen.Dispose();
        given.Dispose();
    }

    [Fact]
    public void Swap_RefusesAnOutputBeforeItsInput_AndLeavesTheModel()
    {
        using DisposeScope scope = NewDisposeScope();
        using LlamaModel model = TinyLlama.Create();
        Assert.Throws<ArgumentException>(() => new LayerSwap(model, HookPoint.MlpOutput(1), HookPoint.MlpInput(1), (x, _) => x));
        model.Forward(TinyLlama.Tokens(2, 9, seed: 9));
    }

    [Fact]
    public void ASwappedPass_LeavesItsResultAlive_AndNothingElse()
    {
        using DisposeScope scope = NewDisposeScope();
        using LlamaModel model = TinyLlama.Create();
        Tensor tokens = TinyLlama.Tokens(2, 9, seed: 10);
        model.Forward(tokens);
        using LayerSwap swap = LayerSwap.Mlp(model, 1, x => x * 2 + 1), across =
            new(model, HookPoint.MlpInput(0), HookPoint.MlpOutput(2), (x, _) => x - 1);
        Assert.Equal(1, LiveTensors.LeftBy(() => model.Forward(tokens)));
        // A pass that stops between the two points leaves the kept input with the swap, until the next pass or its disposal.
        Tensor residual = model.Embed(tokens);
        Assert.Equal(2, LiveTensors.LeftBy(() => model.RunLayers(residual, 0, 1)));
        Assert.Equal(0, LiveTensors.LeftBy(() => model.RunLayers(residual, 0, 3)));
    }
}
