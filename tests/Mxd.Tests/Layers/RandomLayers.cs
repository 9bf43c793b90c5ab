using Mxd.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Layers;

/// <summary>Layers of random sizes whose weights are all random: no zeros that would hide a wrong gradient.</summary>
internal static class RandomLayers
{
    /// <summary>The library's own types; a test registers another.</summary>
    public static IEnumerable<string> Names => LayerTypes.Names.Where(name => name != ToyLayer.Name);

    /// <summary>Every type with every activation.</summary>
    public static TheoryData<string, string> TypesAndActivations
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (string type in Names)
                foreach (string activation in LayerTypes.Get(type).DefaultActivation is null ? ["relu"] : ActivationFunction.Names) data.Add(type, activation);
            return data;
        }
    }

    public static TheoryData<string> Types => [.. Names];

    /// <summary>Types with units.</summary>
    public static TheoryData<string> SparseTypes => [.. Names.Where(name => LayerTypes.Get(name).HasUnits)];

    /// <summary>Every kind of sparsity that a type with 12 units takes.</summary>
    public static IReadOnlyList<Sparsity> Sparsities(string type)
    {
        Sparsity[] all = [new Sparsity.TopK(3), new Sparsity.L1(0.02), new Sparsity.BatchTopK(3), new Sparsity.GroupMax(4), new Sparsity.JumpRelu(0.02, 0.4)];
        return [.. all.Where(s => s is not Sparsity.JumpRelu || !LayerTypes.Get(type).GatesUnits)];
    }

    /// <summary>Sizes from 1 up; K = 1, K = N and everything between.</summary>
    public static LayerOptions Options(string type, string? activation, Random random)
    {
        LayerType kind = LayerTypes.Get(type);
        long units = random.Next(1, 24), width = random.Next(1, 12);
        int k = random.Next(3) switch { 0 => 1, 1 => (int)units, _ => random.Next(1, (int)units + 1) };
        return new LayerOptions
        {
            Type = type,
            InputWidth = width,
            OutputWidth = kind.IsAutoencoder ? width : random.Next(1, 12),
            Units = kind.HasUnits ? units : 0,
            Hidden = kind.HasHidden ? random.Next(1, 20) : null,
            Sparsity = kind.HasUnits ? new Sparsity.TopK(k) : null,
            Activation = kind.DefaultActivation is null ? null : activation,
        };
    }

    public static LayerOptions Options(string type, long units, int k)
    {
        LayerType kind = LayerTypes.Get(type);
        return new LayerOptions
        {
            Type = type,
            InputWidth = 6,
            OutputWidth = kind.IsAutoencoder ? 6 : 5,
            Units = kind.HasUnits ? units : 0,
            Hidden = kind.HasHidden ? 7 : null,
            Sparsity = kind.HasUnits ? new Sparsity.TopK(k) : null,
            Activation = kind.DefaultActivation,
        };
    }

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
