using Mxd.LanguageModels;
using Mxd.Tokenizers;
using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;

namespace Mxd.Exploration.Units;

/// <summary>What directions of the residual stream say in tokens.</summary>
internal sealed class VocabularyScores(LanguageModel model, ITokenizer tokenizer)
{
    private const int Shown = 10, Chunk = 4096;

    private readonly long[] missing = [.. tokenizer.MissingIds.Select(id => (long)id)];

    /// <summary>
    /// Tokens whose embedding has the largest product with each of some directions [n,width]: what encoders look for, as far as the first layers leave tokens what they are.
    /// </summary>
    public IReadOnlyList<TokenScores> OfEmbedding(Tensor directions)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        int count = Math.Min(tokenizer.VocabularySize, model.Identity.Vocabulary);
        Tensor d = directions.to(model.Device).to(ScalarType.Float32).t();
        List<Tensor> scores = [];
        for (int start = 0; start < count; start += Chunk)
        {
            using DisposeScope one = NewDisposeScope();
            int length = Math.Min(Chunk, count - start);
            Tensor embedded = model.Embed(tensor([.. Enumerable.Range(start, length).Select(id => (long)id)]).unsqueeze(1)).squeeze(1).to(ScalarType.Float32);
            scores.Add(embedded.mm(d).t().MoveToOuterDisposeScope());
        }
        return Of(cat(scores, 1));
    }

    /// <summary>
    /// Tokens that adding each of some directions d [n,width] to the residual stream makes more and less likely: unembedding(norm(d)) - unembedding(norm(0)), d at mean square 1,
    /// where the norm's own regulariser does not matter and its shift is in both.
    /// </summary>
    public IReadOnlyList<TokenScores> OfUnembedding(Tensor directions)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor wide = directions.to(ScalarType.Float64), size = (wide * wide).mean([1], keepdim: true).sqrt();
        Tensor d = where(size > Zero, wide / size, wide).to(model.Device).to(model.Dtype).unsqueeze(1);
        Tensor logits = model.Logits(model.FinalNorm(d)).to(ScalarType.Float32).squeeze(1), nothing = model.Logits(model.FinalNorm(zeros_like(d.narrow(0, 0, 1)))).to(ScalarType.Float32).squeeze(1);
        return Of((logits - nothing).narrow(1, 0, Math.Min(logits.shape[1], tokenizer.VocabularySize)));
    }

    /// <summary>Of scores [n,vocabulary].</summary>
    private TokenScores[] Of(Tensor scores)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor centred = scores - scores.mean([1], keepdim: true);
        long[] left = [.. missing.Where(id => id < scores.shape[1])];
        int shown = (int)Math.Min(Shown, scores.shape[1] - left.Length);
        TokenScore[][] highest = Best(centred, 1), lowest = Best(-centred, -1);
        return [.. highest.Zip(lowest, (high, low) => new TokenScores(high, low))];

        TokenScore[][] Best(Tensor values, int sign)
        {
            if (left.Length > 0) values = values.index_fill(1, tensor(left).to(values.device), Number(double.NegativeInfinity));
            (Tensor best, Tensor ids) = values.topk(shown, dim: 1);
            (float[] by, long[] of) = (best.contiguous().cpu().data<float>().ToArray(), ids.contiguous().cpu().data<long>().ToArray());
            return [.. Enumerable.Range(0, (int)values.shape[0]).Select(row => Enumerable.Range(row * shown, shown).Select(i => new TokenScore((int)of[i], TokenText.Of(tokenizer, (int)of[i]), sign * by[i])).ToArray())];
        }
    }
}
