using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.LanguageModels;

/// <summary>
/// Losses of next-token predictions, computed over chunks of positions so that no more than a chunk's logits exist at once.
/// All results are in nats, float32 [B,T-1]: position t scores token t + 1.
/// </summary>
public static class NextTokenLoss
{
    /// <summary>Positions a chunk: 512 rows of 49,152 logits are 100 MB.</summary>
    public const int ChunkPositions = 512;

    /// <summary>Cross-entropy of the tokens int64 [B,T] under the final hidden states [B,T,width].</summary>
    public static Tensor CrossEntropy(LanguageModel model, Tensor hidden, Tensor tokens)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor rows = Predicting(hidden);
        Tensor targets = Targets(tokens, hidden.device);
        Tensor losses = empty(rows.shape[0], dtype: ScalarType.Float32, device: hidden.device);
        foreach ((long start, long length) in Chunks(rows.shape[0]))
        {
            using DisposeScope chunk = NewDisposeScope();
            Tensor logits = model.Logits(rows.narrow(0, start, length));
            losses.narrow(0, start, length).copy_(logits.logsumexp(1) - Chosen(logits, targets.narrow(0, start, length)));
        }
        return losses.view(tokens.shape[0], -1).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Cross-entropy of the model's own predictions and, for each altered forward pass, its cross-entropy and KL(model ‖ altered);
    /// from final hidden states [B,T,width].
    /// </summary>
    public static ComparedLosses Compare(LanguageModel model, Tensor hidden, IReadOnlyList<Tensor> altered, Tensor tokens)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor targets = Targets(tokens, hidden.device);
        Tensor rows = Predicting(hidden);
        Tensor[] alteredRows = [.. altered.Select(Predicting)];
        Tensor crossEntropy = PerPosition();
        Tensor[] alteredCrossEntropy = [.. altered.Select(_ => PerPosition())];
        Tensor[] divergence = [.. altered.Select(_ => PerPosition())];
        foreach ((long start, long length) in Chunks(rows.shape[0]))
        {
            using DisposeScope chunk = NewDisposeScope();
            Tensor target = targets.narrow(0, start, length);
            Tensor log = model.Logits(rows.narrow(0, start, length)).log_softmax(1);
            Tensor probability = log.exp();
            crossEntropy.narrow(0, start, length).copy_(Chosen(log, target).neg());
            for (int i = 0; i < altered.Count; i++)
            {
                using DisposeScope one = NewDisposeScope();
                Tensor other = model.Logits(alteredRows[i].narrow(0, start, length)).log_softmax(1);
                alteredCrossEntropy[i].narrow(0, start, length).copy_(Chosen(other, target).neg());
                divergence[i].narrow(0, start, length).copy_(other.sub_(log).neg_().mul_(probability).sum(1));
            }
        }
        return new ComparedLosses(Shaped(crossEntropy), [.. alteredCrossEntropy.Select(Shaped)], [.. divergence.Select(Shaped)]);

        Tensor PerPosition() => empty(rows.shape[0], dtype: ScalarType.Float32, device: hidden.device);

        Tensor Shaped(Tensor values) => values.view(tokens.shape[0], -1).MoveToOuterDisposeScope();
    }

    /// <summary>Hidden states of all positions but the last, as rows.</summary>
    private static Tensor Predicting(Tensor hidden) => hidden.narrow(1, 0, hidden.shape[1] - 1).reshape(-1, hidden.shape[2]);

    private static Tensor Targets(Tensor tokens, Device device) => tokens.to(device).narrow(1, 1, tokens.shape[1] - 1).reshape(-1);

    private static Tensor Chosen(Tensor rows, Tensor targets) => rows.gather(1, targets.unsqueeze(1)).squeeze(1);

    private static IEnumerable<(long Start, long Length)> Chunks(long rows)
    {
        for (long start = 0; start < rows; start += ChunkPositions)
            yield return (start, Math.Min(ChunkPositions, rows - start));
    }
}

/// <summary>Losses a position, float32 [B,T-1]: the model's own, and those of each altered forward pass.</summary>
public sealed record ComparedLosses(Tensor CrossEntropy, IReadOnlyList<Tensor> AlteredCrossEntropy, IReadOnlyList<Tensor> Divergence);
