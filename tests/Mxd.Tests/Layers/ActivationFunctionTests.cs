using Mxd.Layers;
using Mxd.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Layers;

public class ActivationFunctionTests
{
    public static TheoryData<string> Names => [.. ActivationFunction.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Derivative_EqualsAutograd(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        var function = ActivationFunction.Parse(name);
        Tensor u = cat([linspace(-12, 12, 1001, dtype: ScalarType.Float64), zeros(1, dtype: ScalarType.Float64)]).requires_grad_(true);
        function.Apply(u).sum().backward();
        GoldenTensors.AssertClose(u.grad!, function.Derivative(u.detach()), 1e-12, name);
    }

    [Fact]
    public void Apply_FollowsTheFormulas()
    {
        using DisposeScope scope = NewDisposeScope();
        foreach (double u in new[] { -3, -0.5, 0, 0.25, 2, 6 })
        {
            Close("relu", Math.Max(0, u));
            Close("sigmoid", 1 / (1 + Math.Exp(-u)));
            Close("silu", u / (1 + Math.Exp(-u)));
            Close("gelu-tanh", 0.5 * u * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (u + 0.044715 * u * u * u))));
            Close("gelu", u * (1 + special.erf(tensor(u / Math.Sqrt(2))).ToDouble()) / 2);

            void Close(string name, double expected) =>
                Assert.Equal(expected, ActivationFunction.Parse(name).Apply(tensor(u)).ToDouble(), 1e-12);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Parse_FindsEveryName(string name) => Assert.Equal(name, ActivationFunction.Parse(name).Name);

    [Fact]
    public void Parse_ListsTheNames_WhereOneIsUnknown() => Assert.Equal(
        "Activation 'swish' is not known; choose one of relu, gelu, gelu-tanh, sigmoid, silu.",
        Assert.Throws<MxdInputException>(() => ActivationFunction.Parse("swish")).Message);
}
