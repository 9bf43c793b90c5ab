using System.Runtime.Intrinsics;
using Mxd.Kernels;
using Mxd.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Kernels;

public unsafe class ElementwiseTests
{
    public static TheoryData<string> Activations => [.. ActivationFunction.Names];

    [Theory]
    [MemberData(nameof(Activations))]
    public void Forward_EqualsTorch_AndLeavesWhatBackwardNeeds(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using var workers = new Workers(2);
        foreach (int width in new[] { 1, 7, 8, 9, 100 })
            foreach (bool glu in new[] { false, true })
            {
                Tensor u = randn(50, width) * 4, bias = randn(width), f = randn(50, width), factorBias = randn(width), z = empty(50, width);
                u[0, 0] = 0;
                u[1, 0] = 30;
                u[2, 0] = -30;
                Tensor shifted = (u + bias).to(ScalarType.Float64), factor = glu ? (f + factorBias).to(ScalarType.Float64) : ones(1, dtype: ScalarType.Float64);
                Tensor value = ActivationFunction.Parse(name).Apply(shifted), slope = ActivationFunction.Parse(name).Derivative(shifted);
                HiddenUnits.Create(name).Forward(u.Floats(), bias.Floats(), glu ? f.Floats() : null, factorBias.Floats(), z.Floats(), 50, width, workers);
                GoldenTensors.AssertClose(value * factor, z, 2e-5, "z");
                GoldenTensors.AssertClose(slope * factor, u, 2e-5, "derivative");
                if (glu) GoldenTensors.AssertClose(value, f, 2e-5, "value");
            }
    }

    /// <summary>Against the integral of the density, by Simpson's rule.</summary>
    [Fact]
    public void NormalTail_IsTheNormalDistributions_ToFloat32()
    {
        for (double t = 0; t <= 12; t += 0.03125)
        {
            double expected = Tail(t) / Math.Exp(-t * t / 2);
            Assert.Equal(1, NormalTail.Ratio(t) / expected, 1e-8);
            Assert.Equal(1, NormalTail.Ratio(Vector256.Create((float)t)).ToScalar() / expected, 1e-6);
        }
    }

    [Theory]
    [InlineData(0f, 0f, 0.5f)]
    [InlineData(1e30f, 1e30f, 1f)]
    [InlineData(-1e30f, 0f, 0f)]
    [InlineData(float.NaN, float.NaN, float.NaN)]
    public void Gelu_HasItsLimits(float u, float value, float derivative)
    {
        Assert.Equal(value, GeluKernel.Apply(Vector256.Create(u), out Vector256<float> slope).ToScalar());
        Assert.Equal(derivative, slope.ToScalar());
    }

    [Theory]
    [InlineData(1, 1, true)]
    [InlineData(40, 9, true)]
    [InlineData(33, 16, false)]
    public void LossKernel_EqualsTheReadableLoss(int tokens, int width, bool mixture)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor m = randn(tokens, width), s = randn(tokens, width), bias = randn(width), extra = randn(tokens, width), target = randn(tokens, width);
        if (tokens > 3) target[3] = 0;
        Tensor y = (mixture ? m * s : m) + bias + extra;
        NormScaledMse.Result expected = NormScaledMse.Differentiate(y, target);
        Tensor ofSum = s * expected.OutputGradient, ofShared = m * expected.OutputGradient, dy = empty(tokens, width);
        using var workers = new Workers(2);
        using var kernel = new LossKernel(workers);
        double loss = kernel.Differentiate(m.Floats(), mixture ? s.Floats() : null, bias.Floats(), extra.Floats(), target.Floats(), dy.Floats(), tokens, width);
        Assert.Equal(expected.Loss.ToDouble(), loss, 1e-5);
        GoldenTensors.AssertClose(y, extra, 1e-5, "y");
        GoldenTensors.AssertClose(expected.OutputGradient, dy, 1e-6, "dy");
        if (!mixture) return;
        GoldenTensors.AssertClose(ofSum, s, 1e-6, "gradient of m");
        GoldenTensors.AssertClose(ofShared, m, 1e-6, "gradient of s");
    }

    private static double Tail(double t)
    {
        const int Intervals = 4000;
        double step = 10.0 / Intervals, sum = 0;
        for (int i = 0; i <= Intervals; i++)
        {
            double at = t + i * step;
            sum += (i is 0 or Intervals ? 1 : i % 2 == 1 ? 4 : 2) * Math.Exp(-at * at / 2);
        }
        return sum * step / 3 / Math.Sqrt(2 * Math.PI);
    }
}
