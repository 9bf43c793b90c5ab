using Mxd.LanguageModels;
using static TorchSharp.torch;

namespace Mxd.Tests.LanguageModels;

/// <summary>A Llama forward pass of one context in float64 and plain loops, as slow and as clear as can be.</summary>
internal sealed class PlainLlama(TransformerConfig c, TransformerWeights weights)
{
    private sealed record Head(double[] Query, double[] Key, double[] Value);

    /// <summary>Logits of every position.</summary>
    public double[][] Logits(long[] tokens)
    {
        double[][] table = Matrix(weights.Embedding);
        double[][] x = [.. tokens.Select(token => (double[])table[token].Clone())];
        foreach (BlockWeights block in weights.Blocks)
        {
            double[][] attended = Attention(block, [.. x.Select(row => Normalised(row, block.AttentionNorm.Scale))]);
            x = [.. x.Zip(attended, Sum)];
            x = [.. x.Select(row => Sum(row, Mlp(block, Normalised(row, block.MlpNorm.Scale))))];
        }
        return [.. x.Select(row => Times(weights.Unembedding, Normalised(row, weights.FinalNorm.Scale)))];
    }

    private double[][] Attention(BlockWeights block, double[][] x)
    {
        double[][] projected = [.. x.Select(row => Times(block.QueryKeyValue.Weight, row))];
        var output = new double[x.Length][];
        for (int t = 0; t < x.Length; t++)
        {
            var mixed = new List<double>();
            for (int head = 0; head < c.Heads; head++)
            {
                double[] query = At(projected, t, head).Query;
                double[] scores = [.. Enumerable.Range(0, t + 1).Select(s => Math.Exp(Dot(query, At(projected, s, head).Key) / Math.Sqrt(c.HeadWidth)))];
                double[] value = new double[c.HeadWidth];
                for (int s = 0; s <= t; s++)
                    for (int i = 0; i < c.HeadWidth; i++) value[i] += scores[s] / scores.Sum() * At(projected, s, head).Value[i];
                mixed.AddRange(value);
            }
            output[t] = Times(block.AttentionOut.Weight, [.. mixed]);
        }
        return output;
    }

    /// <summary>What a query head reads at position t; the key head of query head h is h / (heads / key heads).</summary>
    private Head At(double[][] projected, int t, int head)
    {
        int shared = head / (c.Heads / c.KeyValueHeads), keys = c.Heads, values = c.Heads + c.KeyValueHeads;
        return new Head(Rotated(Slice(head), t), Rotated(Slice(keys + shared), t), Slice(values + shared));

        double[] Slice(int index) => projected[t][(index * c.HeadWidth)..((index + 1) * c.HeadWidth)];
    }

    private double[] Rotated(double[] head, int position)
    {
        var turned = new double[c.HeadWidth];
        int half = c.HeadWidth / 2;
        for (int i = 0; i < half; i++)
        {
            double angle = position * Math.Pow(c.Rotary!.Base, -2.0 * i / c.HeadWidth);
            turned[i] = head[i] * Math.Cos(angle) - head[i + half] * Math.Sin(angle);
            turned[i + half] = head[i + half] * Math.Cos(angle) + head[i] * Math.Sin(angle);
        }
        return turned;
    }

    private double[] Mlp(BlockWeights block, double[] x)
    {
        double[] branches = Times(block.MlpIn.Weight, x);
        return Times(block.MlpOut.Weight, [.. Enumerable.Range(0, c.MlpWidth).Select(i => branches[i] / (1 + Math.Exp(-branches[i])) * branches[i + c.MlpWidth])]);
    }

    private double[] Normalised(double[] x, Tensor scale)
    {
        double size = Math.Sqrt(Dot(x, x) / x.Length + c.NormEpsilon);
        float[] factors = scale.data<float>().ToArray();
        return [.. x.Select((value, i) => value / size * factors[i])];
    }

    private static double[] Times(Tensor matrix, double[] x) => [.. Matrix(matrix).Select(row => Dot(row, x))];

    private static double[][] Matrix(Tensor matrix) =>
        [.. matrix.data<float>().ToArray().Select(v => (double)v).Chunk((int)matrix.shape[1])];

    private static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();

    private static double[] Sum(double[] a, double[] b) => [.. a.Zip(b, (x, y) => x + y)];
}
