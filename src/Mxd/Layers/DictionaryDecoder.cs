using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>Units that each add their own vector: y = a W_dec + b, with W_dec [N,O].</summary>
internal sealed class DictionaryDecoder(Parameter vectors, Parameter outputBias) : IDecoder
{
    private sealed record Pass(Tensor Output) : DecoderPass(Output, null);

    public Parameter UnitVectors => vectors;

    public Parameter OutputBias => outputBias;

    public DecoderPass Forward(Tensor sum, Tensor x) => new Pass(sum.add(outputBias.Value, One));

    public Tensor Backward(DecoderPass pass, Tensor x, Tensor outputGradient)
    {
        using DisposeScope scope = NewDisposeScope();
        outputBias.SetGradient(outputGradient.sum(dim: 0));
        return outputGradient.alias().MoveToOuterDisposeScope();
    }
}
