using Mxd.LanguageModels;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Exploration.Judging;

/// <summary>What a language model makes of a continuation.</summary>
/// <param name="Loss">Mean loss of its tokens in nats, given what comes before it.</param>
/// <param name="Meaning">Mean of its tokens' final hidden states.</param>
internal sealed record ReadText(double Loss, double[] Meaning);

/// <summary>Reads continuations with a language model as it is, no layer in place.</summary>
internal sealed class ContinuationReader(LanguageModel model)
{
    /// <summary>Reads one.</summary>
    /// <param name="before">Token ids before it, the first token among them.</param>
    /// <param name="continuation">Its own, at least one.</param>
    public ReadText Read(IReadOnlyList<int> before, IReadOnlyList<int> continuation)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor tokens = tensor([.. before.Concat(continuation).Select(id => (long)id)]).unsqueeze(0).to(model.Device);
        Tensor hidden = model.Forward(tokens);
        Tensor losses = NextTokenLoss.CrossEntropy(model, hidden, tokens)[0].narrow(0, before.Count - 1, continuation.Count).to(ScalarType.Float64);
        Tensor meaning = hidden[0].narrow(0, before.Count, continuation.Count).to(ScalarType.Float64).mean([0]);
        return new ReadText(losses.mean().ToDouble(), meaning.cpu().data<double>().ToArray());
    }
}
