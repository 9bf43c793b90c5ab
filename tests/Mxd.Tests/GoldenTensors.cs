using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests;

/// <summary>Comparisons with golden tensors.</summary>
internal static class GoldenTensors
{
    /// <summary>‖actual - golden‖₂ / ‖golden‖₂ is at most <paramref name="tolerance"/>.</summary>
    public static void AssertRelative(Tensor golden, Tensor actual, double tolerance, string what)
    {
        using DisposeScope scope = NewDisposeScope();
        Assert.True(golden.shape.SequenceEqual(actual.shape), $"{what}: [{string.Join(",", actual.shape)}] instead of [{string.Join(",", golden.shape)}]");
        double difference = (actual.to(ScalarType.Float64) - golden.to(ScalarType.Float64)).norm().ToDouble();
        double size = golden.to(ScalarType.Float64).norm().ToDouble();
        Assert.True(difference <= tolerance * size, $"{what}: relative difference {difference / size:g3}, above {tolerance:g3}");
    }

    /// <summary>Every element is within <paramref name="tolerance"/>.</summary>
    public static void AssertClose(Tensor golden, Tensor actual, double tolerance, string what)
    {
        using DisposeScope scope = NewDisposeScope();
        Assert.True(golden.shape.SequenceEqual(actual.shape), $"{what}: [{string.Join(",", actual.shape)}] instead of [{string.Join(",", golden.shape)}]");
        double worst = (actual.to(ScalarType.Float64) - golden.to(ScalarType.Float64)).abs().max().ToDouble();
        Assert.True(worst <= tolerance, $"{what}: largest difference {worst:g3}, above {tolerance:g3}");
    }
}
