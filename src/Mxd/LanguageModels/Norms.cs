using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Mxd.LanguageModels;

/// <summary>Normalisations over the last dimension, computed in float32 and returned in the input's dtype, before any scale and shift.</summary>
internal static class Norms
{
    /// <summary>(x - mean(x)) / √(var(x) + ε).</summary>
    public static Tensor Layer(Tensor x, double epsilon)
    {
        using DisposeScope scope = NewDisposeScope();
        return F.layer_norm(x.to(ScalarType.Float32), [x.shape[^1]], eps: epsilon).to(x.dtype).MoveToOuterDisposeScope();
    }

    /// <summary>x / √(mean(x²) + ε).</summary>
    public static Tensor RootMeanSquare(Tensor x, double epsilon)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor wide = x.to(ScalarType.Float32);
        Tensor scale = (wide * wide).mean([-1], keepdim: true).add_(Number(epsilon), One).rsqrt_();
        return (wide * scale).to(x.dtype).MoveToOuterDisposeScope();
    }
}
