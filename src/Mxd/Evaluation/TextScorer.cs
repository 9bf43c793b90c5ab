using System.Diagnostics;
using Mxd.Activations;
using Mxd.LanguageModels;
using Mxd.Metrics;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Evaluation;

/// <summary>How well a language model predicts a text.</summary>
/// <param name="CrossEntropy">Mean over all predictions, nats.</param>
/// <param name="StandardError">Of that mean, over contexts.</param>
/// <param name="Tokens">Positions gone through, the first of each context included.</param>
/// <param name="Predictions">Tokens predicted: one fewer a context.</param>
/// <param name="Contexts">Contexts gone through.</param>
/// <param name="TokensPerSecond">Of the forward passes and losses.</param>
public sealed record Score(double CrossEntropy, double StandardError, long Tokens, long Predictions, long Contexts, double TokensPerSecond);

/// <summary>Measures a language model's next-token cross-entropy on packed text, in float64 over per-token losses.</summary>
public static class TextScorer
{
    private const int Batch = 8;

    public static Score Score(LanguageModel model, PackedContexts text, IProgress<long>? progress = null, CancellationToken cancellation = default)
    {
        var series = new ContextSeries();
        var clock = Stopwatch.StartNew();
        for (long done = 0; done < text.Count; done += Batch)
        {
            cancellation.ThrowIfCancellationRequested();
            using DisposeScope scope = NewDisposeScope();
            int count = (int)Math.Min(Batch, text.Count - done);
            Tensor tokens = text.ToTensor(Enumerable.Range(0, count).Select(i => done + i));
            Tensor losses = NextTokenLoss.CrossEntropy(model, model.Forward(tokens), tokens);
            series.AddRange(losses.to(ScalarType.Float64).mean([1]).cpu().data<double>().ToArray());
            progress?.Report((done + count) * text.ContextLength);
        }
        return new Score(
            series.Mean, series.StandardError, text.TokenCount, text.Count * (text.ContextLength - 1), text.Count, text.TokenCount / clock.Elapsed.TotalSeconds);
    }
}
