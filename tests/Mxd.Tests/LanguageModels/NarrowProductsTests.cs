using Mxd.LanguageModels;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Mxd.Tests.LanguageModels;

public class NarrowProductsTests
{
    [Theory]
    [InlineData(1, 7, 5, 1)]
    [InlineData(40, 16, 33, 64)]
    [InlineData(33, 12, 50, 1000)]
    public void Widened_IsTheProductRoundedOnce(long rows, long inputs, long outputs, long slice)
    {
        using DisposeScope scope = NewDisposeScope();
        using var generator = new Generator(1);
        Tensor x = Narrow(rows, inputs), w = Narrow(outputs, inputs), b = Narrow(outputs);
        Tensor expected = F.linear(x.to(ScalarType.Float64), w.to(ScalarType.Float64), b.to(ScalarType.Float64));
        Tensor actual = NarrowProducts.Widened(x, w, b, slice);
        Assert.Equal(ScalarType.BFloat16, actual.dtype);
        Assert.Equal([rows, outputs], actual.shape);
        // Half a unit in the last of 8 bits, and float32's own sums.
        Assert.True((actual.to(ScalarType.Float64) - expected).abs().le(expected.abs() * (1.0 / 256) + 1e-5).all().ToBoolean());

        Tensor Narrow(params long[] shape) => randn(shape, generator: generator).to(ScalarType.BFloat16);
    }

    [Fact]
    public void Linear_LeavesItsResultAlone()
    {
        using Tensor x = randn(2, 40, 8).to(ScalarType.BFloat16), w = randn(6, 8).to(ScalarType.BFloat16);
        Assert.Equal(1, LiveTensors.LeftBy(() => NarrowProducts.Linear(x, w)));
    }
}
