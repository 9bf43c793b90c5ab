using Mxd.Layers;
using Mxd.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Layers;

/// <summary>What the library leaves alive in native memory, which the garbage collector does not see.</summary>
public class LayerLeakTests
{
    public static TheoryData<string, string> TypesAndActivations => RandomLayers.TypesAndActivations;

    [Theory]
    [MemberData(nameof(TypesAndActivations))]
    public void Layer_LeavesItsResultsAlive_AndNothingElse(string type, string activation)
    {
        using DisposeScope scope = NewDisposeScope();
        using ILayer layer = RandomLayers.Create(RandomLayers.Options(type, units: 9, k: 4) with { Activation = activation }, seed: 1);
        foreach (Parameter parameter in layer.Parameters) parameter.AllocateGradient();
        Tensor x = RandomLayers.Rows(5, 6, seed: 2), target = RandomLayers.Rows(5, 5, seed: 3);

        Assert.Equal(1, LiveTensors.LeftBy(() => layer.Forward(x)));
        Assert.Equal(2, LiveTensors.LeftBy(() => layer.Encode(x)));
        Assert.Equal(3, LiveTensors.LeftBy(() => layer.Differentiate(x, target)));
        var codes = (TopKCodes)layer.Encode(x);
        Assert.Equal(1, LiveTensors.LeftBy(() => layer.Decode(codes, x)));
        Assert.Equal(2, LiveTensors.LeftBy(() => codes.Add(3, 1)));
        Assert.Equal(1, LiveTensors.LeftBy(codes.ToDense));
        Assert.Equal(1, LiveTensors.LeftBy(codes.ActiveCounts));
    }

    [Theory]
    [InlineData("mxd")]
    [InlineData("transcoder")]
    public void FromStored_LeavesNothingAlive_WhereATensorIsRefused(string type)
    {
        LayerOptions options = RandomLayers.Options(type, units: 9, k: 4);
        LayerType kind = LayerTypes.Get(type);
        Dictionary<string, ParameterSpec> specs = kind.Specs(options).ToDictionary(s => s.Key);
        Assert.Equal(0, LiveTensors.LeftBy(() =>
        {
            using DisposeScope scope = NewDisposeScope();
            return Assert.Throws<MxdInputException>(
                () => kind.FromStored(options, key => key == "b_dec_out" ? zeros(1) : zeros(specs[key].StoredShape), CPU));
        }));
    }

    [Theory]
    [InlineData("mxd")]
    [InlineData("transcoder")]
    public void Dispose_FreesEveryParameterAndGradient(string type) => Assert.Equal(0, LiveTensors.LeftBy(() =>
    {
        using ILayer layer = RandomLayers.Create(RandomLayers.Options(type, units: 9, k: 4), seed: 4);
        foreach (Parameter parameter in layer.Parameters) parameter.AllocateGradient();
        return layer;
    }));
}
