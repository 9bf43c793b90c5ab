using Mxd.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>A parameter before it takes memory: key, shape in memory, first values, and whether files hold the transpose.</summary>
public sealed record ParameterSpec(string Key, long[] Shape, Initial Initial, bool StoredTransposed = false)
{
    /// <summary>How it takes part in the work a token makes.</summary>
    public ParameterRole Role { get; init; } = ParameterRole.Vector;

    /// <summary>Does the optimizer move it? A few are measured instead.</summary>
    public bool IsTrained { get; init; } = true;

    /// <exception cref="OverflowException">There are more than a 64-bit number counts.</exception>
    public long Count => Shape.Aggregate(1L, (product, size) => checked(product * size));

    /// <summary>The shape as the reference's files hold it.</summary>
    public long[] StoredShape => StoredTransposed ? [.. Shape.Reverse()] : Shape;

    /// <summary>First values, drawn from the seed; on the meta device a shape without memory.</summary>
    public Parameter Initialise(long seed, Device device)
    {
        if (device.type == DeviceType.META) return new Parameter(Key, empty(Shape, dtype: ScalarType.Float32, device: device), StoredTransposed, IsTrained);
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        using Generator generator = Seeds.Generator(seed, "initial " + (Initial.SourceKey ?? Key));
        return new Parameter(Key, Initial.Fill(empty(Shape, dtype: ScalarType.Float32), generator).to(device), StoredTransposed, IsTrained);
    }

    /// <summary>A parameter that owns a copy of a tensor in the orientation of the reference's files.</summary>
    public Parameter FromStored(Tensor stored, Device device)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        if (!stored.shape.SequenceEqual(StoredShape))
            throw new MxdInputException(
                $"{Key} is [{string.Join(", ", stored.shape)}], but the layer's options need [{string.Join(", ", StoredShape)}]: use the options it was saved with.");
        Tensor value = StoredTransposed ? stored.t() : stored;
        return new Parameter(Key, value.to(ScalarType.Float32).to(device).contiguous().clone(), StoredTransposed, IsTrained);
    }
}
