using Mxd.LanguageModels;

namespace Mxd.Tests.LanguageModels;

public class MlpActivationTests
{
    /// <summary>Names of the transformers library, and the formulas they are there.</summary>
    [Theory]
    [InlineData("gelu", "gelu")]
    [InlineData("gelu_python", "gelu")]
    [InlineData("gelu_new", "gelu-tanh")]
    [InlineData("gelu_fast", "gelu-tanh")]
    [InlineData("gelu_accurate", "gelu-tanh")]
    [InlineData("gelu_python_tanh", "gelu-tanh")]
    [InlineData("gelu_pytorch_tanh", "gelu-tanh")]
    [InlineData("relu", "relu")]
    [InlineData("silu", "silu")]
    [InlineData("swish", "silu")]
    public void Parse_KnowsTheNamesOfConfigurations(string name, string own) => Assert.Equal(own, MlpActivation.Parse(name, "config.json"));
}
