using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>Turns coefficients a [B,N] into the output y [B,O].</summary>
internal interface IDecoder
{
    /// <summary>The units' decoder vectors, [N,O].</summary>
    Parameter UnitVectors { get; }

    /// <summary>The vector added at the end, [O].</summary>
    Parameter OutputBias { get; }

    DecoderPass Forward(Tensor a, Tensor x);

    /// <summary>Writes the gradients of the decoder's parameters and returns d loss / d a, [B,N].</summary>
    Tensor Backward(DecoderPass pass, Tensor a, Tensor x, Tensor outputGradient);
}

/// <summary>What a decoder's forward pass computed.</summary>
/// <param name="Output">y, [B,O].</param>
/// <param name="Shared">What the units' contribution a C is multiplied by, [B,O]; null where by nothing.</param>
internal abstract record DecoderPass(Tensor Output, Tensor? Shared);
