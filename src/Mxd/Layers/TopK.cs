using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>Keeps the K largest of non-negative activations [B,units]; fewer may be above zero.</summary>
public static class TopK
{
    public static TopKCodes Select(Tensor activations, int k)
    {
        (Tensor values, Tensor indices) = activations.topk(k, 1, true, false);
        return new TopKCodes(indices, values, activations.shape[1]);
    }
}
