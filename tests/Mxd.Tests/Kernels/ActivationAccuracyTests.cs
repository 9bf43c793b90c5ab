using Mxd.Kernels;
using Mxd.Layers;

namespace Mxd.Tests.Kernels;

/// <summary>Activations against double precision, from -40 to 40 and down to the smallest number there is.</summary>
public unsafe class ActivationAccuracyTests
{
    private const double GeluScale = 1.5957691216057308, Cubic = 0.044715;

    public static TheoryData<string> Activations => [.. ActivationFunction.Names];

    /// <summary>
    /// Measured, as a share of |u| (for sigmoid absolute) and absolute: gelu 1.15e-7 and 1.24e-7, gelu-tanh 1.4e-7 and 2.0e-7, sigmoid 8.9e-8 and
    /// 5.4e-8, silu 1.44e-7 and 2.3e-7. Torch in float32 has up to 2.3e-7 of |u| (gelu) and, for derivatives, 9.8e-7 (silu).
    /// </summary>
    [Theory]
    [InlineData("relu", 0, 0)]
    [InlineData("gelu", 1.3e-7, 1.5e-7)]
    [InlineData("gelu-tanh", 1.6e-7, 2.3e-7)]
    [InlineData("sigmoid", 1e-7, 6.5e-8)]
    [InlineData("silu", 1.6e-7, 2.6e-7)]
    public void Kernel_IsRightToFloat32(string name, double share, double absolute)
    {
        float[] inputs = Inputs();
        (float[] values, float[] derivatives) = Apply(name, inputs);
        for (int i = 0; i < inputs.Length; i++)
        {
            (double value, double derivative) = Exact(name, inputs[i]);
            // The smallest number is what a product of denormal numbers may be off by.
            double allowed = name == "sigmoid" ? share : share * Math.Abs((double)inputs[i]) + float.Epsilon;
            if (!(Math.Abs(values[i] - value) <= allowed)) Assert.Fail($"{name}({inputs[i]}) = {values[i]}, not {value}");
            if (!(Math.Abs(derivatives[i] - derivative) <= absolute)) Assert.Fail($"{name}'({inputs[i]}) = {derivatives[i]}, not {derivative}");
        }
    }

    /// <summary>Where 1 + erf and 1 + tanh have no digits left, the tails keep theirs: the exponent of up to 87 has 24 bits.</summary>
    [Theory]
    [InlineData("gelu")]
    [InlineData("gelu-tanh")]
    [InlineData("sigmoid")]
    [InlineData("silu")]
    public void Kernel_KeepsItsDigits_InTheTail(string name)
    {
        float[] inputs = [.. Inputs().Where(u => u < -1)];
        (float[] values, _) = Apply(name, inputs);
        for (int i = 0; i < inputs.Length; i++)
        {
            double value = Exact(name, inputs[i]).Value;
            if (Math.Abs(value) > 1e-35 && !(Math.Abs(values[i] / value - 1) < 2e-5)) Assert.Fail($"{name}({inputs[i]}) = {values[i]}, not {value}");
        }
    }

    /// <summary>1 - σ by subtraction would leave one digit at 15 and none at 17.</summary>
    [Fact]
    public void SigmoidsDerivative_KeepsItsDigits_WhereSigmoidIsNearOne()
    {
        float[] inputs = [.. Inputs().Where(u => Math.Abs(u) < 40)];
        (_, float[] derivatives) = Apply("sigmoid", inputs);
        for (int i = 0; i < inputs.Length; i++) Assert.Equal(1, derivatives[i] / Exact("sigmoid", inputs[i]).Derivative, 5e-7);
    }

    /// <summary>Otherwise weights that are no longer numbers would be trained on unseen.</summary>
    [Theory]
    [MemberData(nameof(Activations))]
    public void Kernel_PassesOnWhatIsNotANumber(string name)
    {
        using var workers = new Workers(1);
        foreach (bool glu in new[] { false, true })
            for (int at = 0; at < 11; at++)
            {
                float[] u = new float[11];
                u[at] = float.NaN;
                using Moat pre = new(u), bias = new(new float[11]), factor = new(Enumerable.Repeat(1f, 11).ToArray()), z = new(11);
                HiddenUnits.Create(name).Forward(pre.Data, bias.Data, glu ? factor.Data : null, bias.Data, z.Data, 1, 11, workers);
                for (int i = 0; i < 11; i++) Assert.Equal(i == at, float.IsNaN(z.Values[i]));
            }
    }

    private static (float[] Values, float[] Derivatives) Apply(string name, float[] inputs)
    {
        using var workers = new Workers(2);
        float[] values = new float[inputs.Length], derivatives = [.. inputs], bias = new float[inputs.Length];
        fixed (float* z = values, u = derivatives, none = bias)
            HiddenUnits.Create(name).Forward(u, none, null, null, z, 1, inputs.Length, workers);
        return (values, derivatives);
    }

    private static float[] Inputs()
    {
        var inputs = new List<float>();
        for (int i = 0; i <= 1 << 18; i++) inputs.Add(-40 + 80f * i / (1 << 18));
        for (int exponent = -149; exponent < 5; exponent++)
        {
            for (int part = 0; part < 8; part++)
            {
                float size = MathF.ScaleB(1 + part / 8f, exponent);
                inputs.AddRange([size, -size]);
            }
        }
        return [.. inputs];
    }

    /// <summary>Without differences of neighbours, so that tails are right too.</summary>
    private static (double Value, double Derivative) Exact(string name, double u)
    {
        double e = Math.Exp(-Math.Abs(u)), large = 1 / (1 + e), small = e / (1 + e);
        (double s, double rest) = u < 0 ? (small, large) : (large, small);
        switch (name)
        {
            case "relu": return (Math.Max(u, 0), u > 0 ? 1 : 0);
            case "sigmoid": return (s, small * large);
            case "silu": return (u * s, s * (1 + u * rest));
            case "gelu":
                double decay = Math.Exp(-u * u / 2), tail = decay * NormalTail.Ratio(Math.Abs(u)), cumulative = u < 0 ? tail : 1 - tail;
                return (u * cumulative, cumulative + u * decay / Math.Sqrt(2 * Math.PI));
            default:
                (double value, double slope) = Exact("sigmoid", GeluScale * (u + Cubic * u * u * u));
                return (u * value, value + u * slope * GeluScale * (1 + 3 * Cubic * u * u));
        }
    }
}
