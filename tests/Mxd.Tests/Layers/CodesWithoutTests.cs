using Mxd.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Layers;

public class CodesWithoutTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void OneUnit_IsLeftOut_AndNoOther(bool isDense)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor indices = tensor(new long[] { 0, 2, 2, 1, 3, 0 }, 3, 2), values = tensor(new[] { 1f, 2, 3, 4, 5, 6 }, 3, 2);
        SparseCodes codes = new TopKCodes(indices, values, 4);
        if (isDense) codes = new DenseCodes(codes.ToDense());
        Assert.Equal([2f, 3, 0], codes.CoefficientOf(2).data<float>().ToArray());
        Assert.Equal([1f, 0, 0, 0, 0, 4, 0, 0, 6, 0, 0, 5], codes.Without(2).ToDense().data<float>().ToArray());
        Assert.Equal([2f, 3, 0], codes.CoefficientOf(2).data<float>().ToArray());
        Assert.Throws<ArgumentOutOfRangeException>(() => codes.Without(4));
        Assert.Throws<ArgumentOutOfRangeException>(() => codes.CoefficientOf(-1));
    }
}
