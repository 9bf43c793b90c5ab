using Mxd.LanguageModels;
using Mxd.LanguageModels.Families;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Mxd.Tests.LanguageModels;

public class NextTokenLossTests
{
    /// <summary>Batches and positions whose predictions fall short of one chunk, fill it, and cross its borders.</summary>
    public static TheoryData<int, int> Sizes => new() { { 1, 2 }, { 3, 7 }, { 1, NextTokenLoss.ChunkPositions + 1 }, { 27, 20 }, { 40, 33 } };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void CrossEntropy_EqualsTorchs_OnWholeLogits(int batch, int positions)
    {
        using DisposeScope scope = NewDisposeScope();
        using LlamaModel model = TinyLlama.Create();
        Tensor tokens = TinyLlama.Tokens(batch, positions, seed: 1), hidden = model.Forward(tokens);
        Tensor losses = NextTokenLoss.CrossEntropy(model, hidden, tokens);
        Assert.Equal([batch, positions - 1], losses.shape);
        GoldenTensors.AssertClose(Expected(model, hidden, tokens), losses, 1e-5, "losses");
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Compare_EqualsTorchs_OnWholeLogits(int batch, int positions)
    {
        using DisposeScope scope = NewDisposeScope();
        using LlamaModel model = TinyLlama.Create();
        Tensor tokens = TinyLlama.Tokens(batch, positions, seed: 2), hidden = model.Forward(tokens), other = hidden * 0.7, same = hidden.clone();
        ComparedLosses losses = NextTokenLoss.Compare(model, hidden, [other, same], tokens);
        GoldenTensors.AssertClose(Expected(model, hidden, tokens), losses.CrossEntropy, 1e-5, "own");
        GoldenTensors.AssertClose(Expected(model, other, tokens), losses.AlteredCrossEntropy[0], 1e-5, "altered");

        Tensor p = Logs(model, hidden), q = Logs(model, other);
        GoldenTensors.AssertClose((p.exp() * (p - q)).sum(-1), losses.Divergence[0], 1e-5, "divergence");
        Assert.True(losses.Divergence[0].min().ToDouble() >= -1e-6 && losses.Divergence[0].max().ToDouble() > 1e-3);
        GoldenTensors.AssertClose(zeros(batch, positions - 1), losses.Divergence[1], 0, "divergence of the same");
        GoldenTensors.AssertClose(losses.CrossEntropy, losses.AlteredCrossEntropy[1], 0, "cross-entropy of the same");
    }

    [Fact]
    public void Losses_AreFinite_WhereLogitsAreLarge()
    {
        using DisposeScope scope = NewDisposeScope();
        using LlamaModel model = TinyLlama.Create();
        Tensor tokens = TinyLlama.Tokens(2, 9, seed: 3), hidden = model.Forward(tokens) * 1e4;
        Assert.True(NextTokenLoss.CrossEntropy(model, hidden, tokens).isfinite().all().ToBoolean());
        Assert.True(NextTokenLoss.Compare(model, hidden, [-hidden], tokens).Divergence[0].isfinite().all().ToBoolean());
    }

    [Fact]
    public void Losses_LeaveTheirResultsAlive_AndNothingElse()
    {
        using DisposeScope scope = NewDisposeScope();
        using LlamaModel model = TinyLlama.Create();
        Tensor tokens = TinyLlama.Tokens(40, 33, seed: 4), hidden = model.Forward(tokens);
        Tensor[] altered = [hidden * 2, hidden * 3];
        Assert.Equal(1, LiveTensors.LeftBy(() => NextTokenLoss.CrossEntropy(model, hidden, tokens)));
        Assert.Equal(5, LiveTensors.LeftBy(() => NextTokenLoss.Compare(model, hidden, altered, tokens)));
    }

    private static Tensor Logs(LlamaModel model, Tensor hidden)
    {
        Tensor logits = model.Logits(hidden.reshape(-1, 12)).reshape(hidden.shape[0], hidden.shape[1], -1);
        return logits.narrow(1, 0, hidden.shape[1] - 1).to(ScalarType.Float64).log_softmax(-1);
    }

    private static Tensor Expected(LlamaModel model, Tensor hidden, Tensor tokens)
    {
        Tensor logits = model.Logits(hidden.reshape(-1, 12)).reshape(hidden.shape[0], hidden.shape[1], -1).narrow(1, 0, hidden.shape[1] - 1);
        Tensor targets = tokens.narrow(1, 1, tokens.shape[1] - 1);
        return F.cross_entropy(logits.reshape(-1, 37), targets.reshape(-1), reduction: nn.Reduction.None).reshape(targets.shape);
    }
}
