using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>
/// Experts that scale one shared output: y = (a C) * s + b, with C [N,O] and s = z D of the <see cref="HiddenBranch"/>.
/// </summary>
internal sealed class MixtureDecoder(HiddenBranch hidden, Parameter scales, Parameter outputBias) : IDecoder
{
    private sealed record Pass(Tensor Output, HiddenBranch.Pass Hidden, Tensor Sum) : DecoderPass(Output, Hidden.Shared);

    public Parameter UnitVectors => scales;

    public Parameter OutputBias => outputBias;

    public HiddenBranch Hidden => hidden;

    public DecoderPass Forward(Tensor sum, Tensor x)
    {
        HiddenBranch.Pass shared = hidden.Forward(x);
        return new Pass((sum * shared.Shared).add(outputBias.Value, One), shared, sum);
    }

    public Tensor Shared(Tensor x) => hidden.Forward(x).Shared;

    /// <summary>With dy = d loss / d y: d(a C) = dy * s and d s = dy * (a C).</summary>
    public Tensor Backward(DecoderPass pass, Tensor x, Tensor outputGradient)
    {
        using DisposeScope scope = NewDisposeScope();
        var own = (Pass)pass;
        outputBias.SetGradient(outputGradient.sum(dim: 0));
        hidden.Backward(own.Hidden, x, own.Sum * outputGradient);
        return (own.Hidden.Shared * outputGradient).MoveToOuterDisposeScope();
    }
}
