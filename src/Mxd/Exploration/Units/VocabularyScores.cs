using Mxd.LanguageModels;
using Mxd.Tokenizers;
using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;

namespace Mxd.Exploration.Units;

/// <summary>What a direction of the residual stream says in tokens.</summary>
internal sealed class VocabularyScores(LanguageModel model, ITokenizer tokenizer)
{
    private const int Shown = 10, Chunk = 4096;

    /// <summary>Tokens whose embedding has the largest product with a direction [width]: what an encoder looks for, as far as the first layers leave tokens what they are.</summary>
    public TokenScores OfEmbedding(Tensor direction)
    {
        using IDisposable noGrad = no_grad();
        int count = Math.Min(tokenizer.VocabularySize, model.Identity.Vocabulary);
        var scores = new double[count];
        using DisposeScope scope = NewDisposeScope();
        Tensor d = direction.to(model.Device).to(ScalarType.Float32);
        for (int start = 0; start < count; start += Chunk)
        {
            using DisposeScope one = NewDisposeScope();
            int length = Math.Min(Chunk, count - start);
            Tensor embedded = model.Embed(tensor([.. Enumerable.Range(start, length).Select(id => (long)id)]).unsqueeze(1)).squeeze(1).to(ScalarType.Float32);
            embedded.mv(d).to(ScalarType.Float64).cpu().data<double>().ToArray().CopyTo(scores, start);
        }
        return Of(scores);
    }

    /// <summary>
    /// Tokens that adding a direction d [width] to the residual stream makes more and less likely: unembedding(norm(d)) - unembedding(norm(0)), d at mean square 1, where the norm's own
    /// regulariser does not matter and its shift is in both.
    /// </summary>
    public TokenScores OfUnembedding(Tensor direction)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor wide = direction.to(ScalarType.Float64), size = (wide * wide).mean().sqrt();
        Tensor d = where(size > Zero, wide / size, wide).to(model.Device).to(model.Dtype).view(1, 1, -1);
        Tensor difference = model.Logits(model.FinalNorm(d)).to(ScalarType.Float64) - model.Logits(model.FinalNorm(zeros_like(d))).to(ScalarType.Float64);
        double[] logits = difference.reshape(-1).cpu().data<double>().ToArray();
        return Of(logits[..Math.Min(logits.Length, tokenizer.VocabularySize)]);
    }

    private TokenScores Of(double[] scores)
    {
        double mean = scores.Average();
        HashSet<int> missing = [.. tokenizer.MissingIds];
        int[] ids = [.. Enumerable.Range(0, scores.Length).Where(id => !missing.Contains(id)).OrderByDescending(id => scores[id])];
        return new TokenScores([.. ids.Take(Shown).Select(Score)], [.. ids.Reverse().Take(Shown).Select(Score)]);

        TokenScore Score(int id) => new(id, TokenText.Of(tokenizer, id), scores[id] - mean);
    }
}
