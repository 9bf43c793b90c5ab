using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>Turns the sum of the active units' vectors, m = a C [B,O], into the output y [B,O].</summary>
internal interface IDecoder
{
    /// <summary>The units' decoder vectors C, [N,O].</summary>
    Parameter UnitVectors { get; }

    /// <summary>The vector added at the end, [O].</summary>
    Parameter OutputBias { get; }

    DecoderPass Forward(Tensor sum, Tensor x);

    /// <summary>What m is multiplied by, [B,O]; null where by nothing.</summary>
    Tensor? Shared(Tensor x) => null;

    /// <summary>Writes the gradients of the decoder's parameters but those of C, and returns d loss / d m, [B,O].</summary>
    Tensor Backward(DecoderPass pass, Tensor x, Tensor outputGradient);
}

/// <summary>What a decoder's forward pass computed.</summary>
/// <param name="Output">y, [B,O].</param>
/// <param name="Shared">What m is multiplied by, [B,O]; null where by nothing.</param>
internal abstract record DecoderPass(Tensor Output, Tensor? Shared);
