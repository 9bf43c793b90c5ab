using Mxd.Runtime;
using TorchSharp;

namespace Mxd.Tests.Runtime;

public sealed class DtypesTests
{
    [Theory]
    [InlineData("float32", torch.ScalarType.Float32)]
    [InlineData("bfloat16", torch.ScalarType.BFloat16)]
    [InlineData("float16", torch.ScalarType.Float16)]
    public void Parse_AndName_AreInverse_AndBytesAreTorchs(string name, torch.ScalarType type)
    {
        Assert.Equal(type, Dtypes.Parse(name));
        Assert.Equal(name, Dtypes.Name(type));
        using torch.Tensor one = torch.zeros(1, type);
        Assert.Equal(one.element_size(), Dtypes.ByteCount(type));
        Assert.Contains(name, Dtypes.Names);
    }

    [Theory]
    [InlineData("fp32")]
    [InlineData("Float32")]
    [InlineData("")]
    public void Parse_RefusesOtherNames(string name)
    {
        var error = Assert.Throws<MxdInputException>(() => Dtypes.Parse(name));
        Assert.Equal($"'{name}' is not a precision: use float32, bfloat16, float16.", error.Message);
    }

    [Fact]
    public void Name_RefusesTypesThatModelsDoNotRunIn() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Dtypes.Name(torch.ScalarType.Int64));
}
