using static TorchSharp.torch;

namespace Mxd.Activations;

/// <summary>What a language model computed at two hook points on the same tokens: inputs [n,I] and outputs [n,O], row by row.</summary>
public sealed record ActivationPairs(Tensor Inputs, Tensor Outputs) : IDisposable
{
    public long Count => Inputs.shape[0];

    public void Dispose()
    {
        Inputs.Dispose();
        Outputs.Dispose();
    }
}
