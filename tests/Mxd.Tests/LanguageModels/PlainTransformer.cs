using Mxd.LanguageModels;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.LanguageModels;

/// <summary>A transformer's forward pass of one context in float64 and plain loops, as slow and as clear as can be.</summary>
internal sealed class PlainTransformer(TransformerConfig c, TransformerWeights weights)
{
    private sealed record Head(double[] Query, double[] Key, double[] Value);

    /// <summary>Logits of every position.</summary>
    public double[][] Logits(long[] tokens)
    {
        double[][] table = Matrix(weights.Embedding);
        double[][] x = [.. tokens.Select(token => (double[])table[token].Clone())];
        if (weights.Positions is { } positions) x = [.. x.Select((row, t) => Sum(row, Matrix(positions)[t]))];
        foreach (BlockWeights block in weights.Blocks)
        {
            double[][] h = [.. x.Zip(Attention(block, [.. x.Select(row => Normalised(row, block.AttentionNorm))]), Sum)];
            double[][] read = c.IsParallel ? x : h;
            x = [.. h.Zip(read, (sum, row) => Sum(sum, Mlp(block, Normalised(row, block.MlpNorm))))];
        }
        return [.. x.Select(row => Times(new LinearWeights(weights.Unembedding, null), Normalised(row, weights.FinalNorm)))];
    }

    private double[][] Attention(BlockWeights block, double[][] x)
    {
        double[][] projected = [.. x.Select(row => Times(block.QueryKeyValue, row))];
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
            output[t] = Times(block.AttentionOut, [.. mixed]);
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
        if (c.Rotary is not { } rotary) return head;
        double[] turned = [.. head];
        int half = rotary.Width / 2;
        for (int i = 0; i < half; i++)
        {
            double frequency = Math.Pow(rotary.Base, -2.0 * i / rotary.Width), angle = position * frequency / (rotary.Scaling?.Divisor(frequency) ?? 1);
            turned[i] = head[i] * Math.Cos(angle) - head[i + half] * Math.Sin(angle);
            turned[i + half] = head[i + half] * Math.Cos(angle) + head[i] * Math.Sin(angle);
        }
        return turned;
    }

    private double[] Mlp(BlockWeights block, double[] x)
    {
        double[] first = Times(block.MlpIn, x), active = [.. first.Take(c.MlpWidth).Select(Activated)];
        return Times(block.MlpOut, c.IsGated ? [.. active.Select((a, i) => a * first[i + c.MlpWidth])] : active);
    }

    private double Activated(double u) => c.Activation switch
    {
        "relu" => Math.Max(u, 0),
        "silu" => u / (1 + Math.Exp(-u)),
        "gelu-tanh" => u / 2 * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (u + 0.044715 * u * u * u))),
        // torch's erf in float64 is not the function under test, which is gelu in float32.
        "gelu" => u / 2 * (1 + erf(tensor(u / Math.Sqrt(2))).ToDouble()),
        _ => throw new NotSupportedException(c.Activation),
    };

    private double[] Normalised(double[] x, NormWeights norm)
    {
        double mean = c.HasLayerNorm ? x.Average() : 0;
        double[] centred = [.. x.Select(value => value - mean)];
        double size = Math.Sqrt(Dot(centred, centred) / x.Length + c.NormEpsilon);
        double[] scale = Vector(norm.Scale), shift = norm.Shift is { } s ? Vector(s) : new double[x.Length];
        return [.. centred.Select((value, i) => value / size * scale[i] + shift[i])];
    }

    private static double[] Times(LinearWeights linear, double[] x)
    {
        double[] product = [.. Matrix(linear.Weight).Select(row => Dot(row, x))];
        return linear.Bias is { } bias ? Sum(product, Vector(bias)) : product;
    }

    private static double[] Vector(Tensor values) => [.. values.data<float>().ToArray().Select(v => (double)v)];

    private static double[][] Matrix(Tensor matrix) => [.. Vector(matrix).Chunk((int)matrix.shape[1])];

    private static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();

    private static double[] Sum(double[] a, double[] b) => [.. a.Zip(b, (x, y) => x + y)];
}
