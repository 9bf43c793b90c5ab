using Mxd.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Layers;

/// <summary>Layers of random sizes whose weights are all random: no zeros that would hide a wrong gradient.</summary>
internal static class RandomLayers
{
    /// <summary>Every type with every activation.</summary>
    public static TheoryData<string, string> TypesAndActivations
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (string type in LayerTypes.Names)
                foreach (string activation in ActivationFunction.Names) data.Add(type, activation);
            return data;
        }
    }

    public static TheoryData<string> Types => [.. LayerTypes.Names];

    /// <summary>Sizes from 1 up; K = 1, K = N and everything between.</summary>
    public static LayerOptions Options(string type, string activation, Random random)
    {
        long units = random.Next(1, 24);
        int k = random.Next(3) switch { 0 => 1, 1 => (int)units, _ => random.Next(1, (int)units + 1) };
        return new LayerOptions
        {
            Type = type,
            InputWidth = random.Next(1, 12),
            OutputWidth = random.Next(1, 12),
            Units = units,
            Hidden = LayerTypes.Get(type).HasHidden ? random.Next(1, 20) : null,
            K = k,
            Activation = activation,
        };
    }

    public static LayerOptions Options(string type, long units, int k) => new()
    {
        Type = type,
        InputWidth = 6,
        OutputWidth = 5,
        Units = units,
        Hidden = LayerTypes.Get(type).HasHidden ? 7 : null,
        K = k,
        Activation = LayerTypes.Get(type).DefaultActivation,
    };

    /// <summary>A layer with normally distributed weights.</summary>
    public static ILayer Create(LayerOptions options, int seed)
    {
        using DisposeScope scope = NewDisposeScope();
        using var generator = new Generator((ulong)seed);
        LayerType type = LayerTypes.Get(options.Type);
        Dictionary<string, ParameterSpec> specs = type.Specs(options).ToDictionary(s => s.Key);
        return type.FromStored(options, key => randn(specs[key].StoredShape, generator: generator) * 0.7, CPU);
    }

    /// <summary>Standard normal rows [B,width].</summary>
    public static Tensor Rows(long count, long width, int seed)
    {
        using var generator = new Generator((ulong)seed);
        return randn(count, width, generator: generator);
    }
}
