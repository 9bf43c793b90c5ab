using static TorchSharp.torch;

namespace Mxd.Tests.Interchange;

/// <summary>The other projects' formulas in plain loops and float64, one token at a time.</summary>
internal sealed record PlainCoder
{
    /// <summary>[units][inputs].</summary>
    public required double[][] Encoder { get; init; }

    public required double[] EncoderBias { get; init; }

    /// <summary>[units][outputs].</summary>
    public required double[][] Decoder { get; init; }

    public required double[] DecoderBias { get; init; }

    /// <summary>[outputs][inputs], where there is one.</summary>
    public double[][]? Skip { get; init; }

    public double[]? Threshold { get; init; }

    /// <summary>Is the decoder's bias taken from the input?</summary>
    public bool SubtractsBias { get; init; }

    public bool Rescales { get; init; }

    /// <summary>layer_norm, constant_norm_rescale or none.</summary>
    public string Normalisation { get; init; } = "none";

    /// <summary>Is the output brought back into the input's terms?</summary>
    public bool Restores { get; init; }

    /// <summary>Units kept a token, or one from each of this many groups.</summary>
    public int? K { get; init; }

    public bool Groups { get; init; }

    public static PlainCoder Of(ForeignFiles files)
    {
        bool isSparsify = files.Tensors.ContainsKey("encoder.weight");
        double[][] encoder = Rows(isSparsify ? files.Tensors["encoder.weight"] : files.Tensors["W_enc"].t());
        bool transcodes = isSparsify ? (bool)files.Config["transcode"]! : files.Config.ContainsKey("d_out");
        return new PlainCoder
        {
            Encoder = encoder,
            EncoderBias = Values(files.Tensors[isSparsify ? "encoder.bias" : "b_enc"]),
            Decoder = Rows(files.Tensors["W_dec"]),
            DecoderBias = Values(files.Tensors["b_dec"]),
            Skip = files.Tensors.TryGetValue("W_skip", out Tensor? skip) ? Rows(skip) : null,
            Threshold = files.Tensors.TryGetValue("threshold", out Tensor? threshold) ? Values(threshold) : null,
            SubtractsBias = isSparsify ? !transcodes : (bool)files.Config["apply_b_dec_to_input"]!,
            Rescales = (bool?)files.Config["rescale_acts_by_decoder_norm"] ?? false,
            Normalisation = (string?)files.Config["normalize_activations"] ?? "none",
            Restores = !transcodes,
            K = (int?)files.Config["k"],
            Groups = (string?)files.Config["activation"] == "groupmax",
        };
    }

    /// <summary>a, for all units.</summary>
    public double[] Encode(double[] x)
    {
        double[] input = Normalise(x);
        if (SubtractsBias) input = [.. input.Zip(DecoderBias, (value, bias) => value - bias)];
        var a = new double[Encoder.Length];
        for (int unit = 0; unit < a.Length; unit++)
        {
            double p = Dot(Encoder[unit], input) + EncoderBias[unit];
            if (Rescales) p *= Norm(Decoder[unit]);
            a[unit] = p > 0 && (Threshold is null || p > Threshold[unit]) ? p : 0;
        }
        return K is { } k ? Groups ? KeepGroups(a, k) : KeepLargest(a, k) : a;
    }

    /// <summary>y for a token x.</summary>
    public double[] Forward(double[] x)
    {
        double[] a = Encode(x), y = [.. DecoderBias];
        for (int unit = 0; unit < a.Length; unit++)
            for (int o = 0; o < y.Length; o++) y[o] += (Rescales ? a[unit] / Norm(Decoder[unit]) : a[unit]) * Decoder[unit][o];
        if (Restores) Restore(y, x);
        if (Skip is not null)
            for (int o = 0; o < y.Length; o++) y[o] += Dot(Skip[o], x);
        return y;
    }

    public static double[][] Rows(Tensor matrix) => [.. Enumerable.Range(0, (int)matrix.shape[0]).Select(row => Values(matrix[row]))];

    private double[] Normalise(double[] x) => Normalisation switch
    {
        "layer_norm" => [.. x.Select(value => (value - x.Average()) / (Deviation(x) + 1e-5))],
        "constant_norm_rescale" => [.. x.Select(value => value * Math.Sqrt(x.Length) / Norm(x))],
        _ => x,
    };

    private void Restore(double[] y, double[] x)
    {
        for (int o = 0; o < y.Length; o++)
            y[o] = Normalisation switch
            {
                "layer_norm" => y[o] * Deviation(x) + x.Average(),
                "constant_norm_rescale" => y[o] * Norm(x) / Math.Sqrt(x.Length),
                _ => y[o],
            };
    }

    private static double[] KeepLargest(double[] a, int k)
    {
        int[] kept = [.. Enumerable.Range(0, a.Length).OrderByDescending(unit => a[unit]).Take(k)];
        return [.. a.Select((value, unit) => kept.Contains(unit) ? value : 0)];
    }

    private static double[] KeepGroups(double[] a, int k)
    {
        int size = a.Length / k;
        return [.. a.Select((value, unit) => value == a.Skip(unit / size * size).Take(size).Max() ? value : 0)];
    }

    private static double Deviation(double[] x) => Math.Sqrt(x.Sum(value => Math.Pow(value - x.Average(), 2)) / (x.Length - 1));

    private static double Norm(double[] x) => Math.Sqrt(Dot(x, x));

    private static double Dot(double[] a, double[] b) => a.Zip(b, (left, right) => left * right).Sum();

    private static double[] Values(Tensor vector) => vector.to(ScalarType.Float64).contiguous().data<double>().ToArray();
}
