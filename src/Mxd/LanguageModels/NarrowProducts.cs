using Mxd.Runtime;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Mxd.LanguageModels;

/// <summary>
/// Products that may be of bfloat16. A CPU without instructions for it multiplies it by conversions; there the values of long products are widened
/// first, a slice of the weights at a time. The sums are float32's either way. Measured with AVX2 on 2 cores, weights [3072,768], ms for float32,
/// bfloat16 and widened: 256 rows 22.8, 101, 28; 64 rows 7.7, 25, 13; 16 rows 6.0, 6.3, 8.1. Attention is as fast in either and is left alone.
/// </summary>
internal static class NarrowProducts
{
    /// <summary>Rows from which on widening the weights costs less than it gains.</summary>
    private const long FewestRows = 32;

    /// <summary>Values of the weights widened at once: 64 MB.</summary>
    private const long SliceElements = 1 << 24;

    /// <summary>Bytes of such a slice.</summary>
    public const long SliceBytes = SliceElements * sizeof(float);

    /// <summary>Does this processor lack instructions for bfloat16?</summary>
    public static bool AreWidened => !Bfloat16.IsFast;

    /// <summary>x Wᵀ + b.</summary>
    /// <param name="x">[..., inputs].</param>
    /// <param name="weight">[outputs, inputs].</param>
    /// <param name="bias">[outputs], or null.</param>
    /// <returns>[..., outputs] in the dtype of the arguments, in the caller's dispose scope.</returns>
    public static Tensor Linear(Tensor x, Tensor weight, Tensor? bias = null) =>
        AreWidened && IsNarrow(x) && x.numel() / x.shape[^1] >= FewestRows ? Widened(x, weight, bias) : F.linear(x, weight, bias);

    /// <summary>The same product by float32, rounded at the end.</summary>
    internal static Tensor Widened(Tensor x, Tensor weight, Tensor? bias, long sliceElements = SliceElements)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor wide = x.to(ScalarType.Float32);
        long outputs = weight.shape[0], slice = Math.Max(1, sliceElements / weight.shape[1]);
        var parts = new List<Tensor>();
        for (long first = 0; first < outputs; first += slice)
        {
            using DisposeScope inner = NewDisposeScope();
            long count = Math.Min(slice, outputs - first);
            Tensor product = F.linear(wide, weight.narrow(0, first, count).to(ScalarType.Float32), bias?.narrow(0, first, count).to(ScalarType.Float32));
            parts.Add(product.to(x.dtype).MoveToOuterDisposeScope());
        }
        Tensor whole = parts.Count == 1 ? parts[0] : cat(parts, -1);
        return whole.MoveToOuterDisposeScope();
    }

    private static bool IsNarrow(Tensor x) => x.dtype == ScalarType.BFloat16 && x.device_type == DeviceType.CPU;
}
