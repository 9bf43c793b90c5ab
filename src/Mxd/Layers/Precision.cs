using Mxd.Kernels;
using Mxd.Runtime;
using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>Of a layer in training.</summary>
public enum Precision
{
    /// <summary>float32 throughout.</summary>
    Full,

    /// <summary>
    /// Products of matrices take values rounded to bfloat16; weights, sums, moments of the optimizer and the choice of the K units stay float32's. Where a
    /// processor has no instructions for it, and in steps that take torch operations instead of kernels (dense ones, and those in which AuxK has dead units), it is float32.
    /// </summary>
    Mixed,
}

/// <summary>Names of <see cref="Precision"/> in options.</summary>
public static class Precisions
{
    public const string Full = "float32", Mixed = "mixed";

    /// <exception cref="MxdInputException">There is no such precision.</exception>
    public static Precision Parse(string name) => name switch
    {
        Full => Precision.Full,
        Mixed => Precision.Mixed,
        _ => throw new MxdInputException(Unknown(name)),
    };

    internal static string Unknown(string name) => $"--precision is '{name}'; choose {Full} or {Mixed}.";

    /// <summary>What a layer asked to train in <paramref name="name"/> trains in.</summary>
    public static string Used(string name, LayerOptions layer, Device device) => WhyFull(Parse(name), layer, device) is null ? name : Full;

    /// <summary>Why a layer asked to train in <see cref="Precision.Mixed"/> trains in float32 all the same; null where it does not.</summary>
    public static string? WhyFull(Precision precision, LayerOptions layer, Device device)
    {
        if (precision == Precision.Full) return null;
        if (StepMemory.Way(layer, device) != ComputeWay.Fast)
            return ComputePath.IsForced ? $"{ComputePath.Variable} asks for torch operations" : "there are no kernels for this layer on this device";
        if (Bfloat16.IsFast) return null;
        return Bfloat16.IsNative ? $"{Bfloat16.Variable} says so" : "this processor has no instructions for bfloat16";
    }
}
