using static TorchSharp.torch;

namespace Mxd.Activations;

/// <summary>Packed contexts as what a language model takes.</summary>
public static class TokenTensors
{
    /// <summary>Token ids int64 [B,T] of the contexts with the given numbers, in that order.</summary>
    public static Tensor ToTensor(this PackedContexts contexts, IEnumerable<long> numbers)
    {
        long[] chosen = [.. numbers];
        var ids = new long[chosen.Length * contexts.ContextLength];
        for (int row = 0; row < chosen.Length; row++)
        {
            ReadOnlySpan<int> tokens = contexts[chosen[row]];
            Span<long> target = ids.AsSpan(row * contexts.ContextLength, contexts.ContextLength);
            for (int t = 0; t < tokens.Length; t++) target[t] = tokens[t];
        }
        return tensor(ids, chosen.Length, contexts.ContextLength);
    }
}
