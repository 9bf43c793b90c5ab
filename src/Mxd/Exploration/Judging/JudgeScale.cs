using Mxd.Activations;
using Mxd.Runtime;
using static TorchSharp.torch;

namespace Mxd.Exploration.Judging;

/// <summary>
/// What losses and likenesses mean, by texts of which it is known: pieces of held-out text, as long as a sample after as much text as the prompt has.
/// <code>
/// fluency = (loss of shuffled pieces - loss) / (loss of shuffled pieces - loss of pieces)                    0: words in any order, 1: ordinary text
/// concept = (likeness - that of pieces of different contexts) / (that of pieces of one context - the former)  0: of anything, 1: of one text
/// </code>
/// both cut to [0, 1]. Likeness is the mean cosine of the pieces' mean hidden states, less the mean over all pieces.
/// </summary>
public sealed class JudgeScale
{
    private readonly double[] centre;
    private readonly double fluent, shuffled, together, apart;

    private JudgeScale(double[] centre, double fluent, double shuffled, double together, double apart)
    {
        (this.centre, this.fluent, this.shuffled, this.together, this.apart) = (centre, fluent, shuffled, together, apart);
    }

    /// <summary>Mean loss of pieces of text, in nats a token, and of the same with their tokens shuffled.</summary>
    public (double Text, double Shuffled) Losses => (fluent, shuffled);

    /// <summary>Mean likeness of two pieces of one context, and of different ones.</summary>
    public (double Together, double Apart) Likenesses => (together, apart);

    /// <summary>0 to 1.</summary>
    public double Fluency(double loss) => Math.Clamp((shuffled - loss) / (shuffled - fluent), 0, 1);

    /// <summary>0 to 1; not a number where there is no likeness.</summary>
    public double Concept(double likeness) => double.IsNaN(likeness) ? double.NaN : Math.Clamp((likeness - apart) / (together - apart), 0, 1);

    /// <summary>Mean cosine over pairs of samples; not a number where there are fewer than two.</summary>
    internal double Likeness(IReadOnlyList<double[]> meanings) => Likeness(meanings, centre);

    /// <summary>Measures the scale.</summary>
    /// <param name="reader">Reads with the language model.</param>
    /// <param name="text">Held-out text.</param>
    /// <param name="contexts">Contexts of it, two pieces of each.</param>
    /// <param name="before">Tokens before a piece, at least the first token.</param>
    /// <param name="length">Tokens of a piece.</param>
    /// <param name="progress">Told the number of contexts done.</param>
    /// <param name="cancellation">Stops between contexts.</param>
    /// <exception cref="MxdInputException">The text is too short, or says nothing: its order makes no difference.</exception>
    internal static JudgeScale Measure(
        ContinuationReader reader, PackedContexts text, int contexts, int before, int length, IProgress<long>? progress, CancellationToken cancellation)
    {
        int count = (int)Math.Min(contexts, text.Count);
        if (text.ContextLength < before + 2 * length || count < 2)
            throw new MxdInputException($"Judging needs two contexts of {before + 2 * length} tokens of held-out text to compare with, and there are {text.Count} of {text.ContextLength}: name more text by --text, or judge shorter samples.");
        List<double[]> first = [], second = [];
        List<double> losses = [], shuffledLosses = [];
        for (int i = 0; i < count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            int[] tokens = text[i].ToArray();
            int[] piece = tokens[before..(before + length)], next = tokens[(before + length)..(before + 2 * length)];
            ReadText read = reader.Read(tokens[..before], piece);
            int[] mixed = Shuffled(piece, i);
            losses.Add(read.Loss);
            shuffledLosses.Add(reader.Read(tokens[..before], mixed).Loss);
            first.Add(read.Meaning);
            second.Add(reader.Read(tokens[..before], next).Meaning);
            progress?.Report(i + 1);
        }
        double[] centre = Mean([.. first, .. second]);
        double together = first.Zip(second, (a, b) => Cosine(a, b, centre)).Average();
        double apart = first.SelectMany((a, i) => second.Where((_, j) => j != i).Select(b => Cosine(a, b, centre))).Average();
        if (!(shuffledLosses.Average() > losses.Average()) || !(together > apart))
            throw new MxdInputException("The held-out text gives no scale: its pieces are no more likely than their tokens shuffled, or no more like one another within a context than between contexts: name ordinary text by --text.");
        return new JudgeScale(centre, losses.Average(), shuffledLosses.Average(), together, apart);
    }

    private static int[] Shuffled(int[] piece, int number)
    {
        using Tensor order = Seeds.Permutation(piece.Length, 0, "judge", number);
        return [.. order.data<long>().ToArray().Select(place => piece[(int)place])];
    }

    private static double Likeness(IReadOnlyList<double[]> meanings, double[] centre)
    {
        List<double> cosines = [];
        for (int i = 1; i < meanings.Count; i++)
            for (int j = 0; j < i; j++) cosines.Add(Cosine(meanings[i], meanings[j], centre));
        return cosines.Count == 0 ? double.NaN : cosines.Average();
    }

    private static double[] Mean(IReadOnlyList<double[]> vectors) => [.. Enumerable.Range(0, vectors[0].Length).Select(i => vectors.Average(v => v[i]))];

    private static double Cosine(double[] a, double[] b, double[] centre)
    {
        double ab = 0, aa = 0, bb = 0;
        for (int i = 0; i < centre.Length; i++)
        {
            double x = a[i] - centre[i], y = b[i] - centre[i];
            (ab, aa, bb) = (ab + x * y, aa + x * x, bb + y * y);
        }
        return aa == 0 || bb == 0 ? 0 : ab / Math.Sqrt(aa * bb);
    }
}
