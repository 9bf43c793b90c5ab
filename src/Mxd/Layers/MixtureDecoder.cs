using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>
/// Experts that scale one shared output: y = (a C) * s + b, with C [N,O] and s = z D of the <see cref="HiddenBranch"/>.
/// </summary>
internal sealed class MixtureDecoder(HiddenBranch hidden, Parameter scales, Parameter outputBias) : IDecoder
{
    private sealed record Pass(Tensor Output, HiddenBranch.Pass Hidden, Tensor Scale) : DecoderPass(Output, Hidden.Shared);

    public Parameter UnitVectors => scales;

    public Parameter OutputBias => outputBias;

    public HiddenBranch Hidden => hidden;

    public DecoderPass Forward(Tensor a, Tensor x)
    {
        HiddenBranch.Pass shared = hidden.Forward(x);
        Tensor scale = matmul(a, scales.Value);
        return new Pass(scale * shared.Shared + outputBias.Value, shared, scale);
    }

    /// <summary>With dy = d loss / d y: d(a C) = dy * s and d s = dy * (a C).</summary>
    public Tensor Backward(DecoderPass pass, Tensor a, Tensor x, Tensor outputGradient)
    {
        using DisposeScope scope = NewDisposeScope();
        var own = (Pass)pass;
        outputBias.SetGradient(outputGradient.sum(dim: 0));
        hidden.Backward(own.Hidden, x, own.Scale * outputGradient);
        Tensor scaleGradient = own.Hidden.Shared * outputGradient;
        scales.SetGradient(matmul(a.t(), scaleGradient));
        return matmul(scaleGradient, scales.Value.t()).MoveToOuterDisposeScope();
    }
}
