using System.Text;
using TorchSharp;

namespace Mxd.Runtime;

/// <summary>
/// Independent seeds for every use of randomness in a run, derived from the run's one seed, so that no generator's state has to be
/// saved: what a step or a shuffle draws depends on its purpose and index alone. Same values on every platform and in every version.
/// </summary>
public static class Seeds
{
    /// <summary>
    /// The seed of one use. For one seed and purpose every index gives a different value; so does every seed for one purpose and index.
    /// </summary>
    /// <param name="seed">The run's seed.</param>
    /// <param name="purpose">What is drawn, such as <c>shuffle</c> or <c>W_enc</c>.</param>
    /// <param name="index">Which of several draws: an epoch, a step, a layer.</param>
    public static long Derive(long seed, string purpose, long index = 0)
    {
        ArgumentNullException.ThrowIfNull(purpose);
        // Every step is a bijection of the state, hence the promise above. SHA-256 would load OpenSSL, which small containers lack.
        ulong state = SplitMix64.Mix((ulong)seed);
        byte[] text = Encoding.UTF8.GetBytes(purpose);
        foreach (byte value in text) state = SplitMix64.Mix(state ^ value);
        state = SplitMix64.Mix(state ^ ((ulong)text.Length << 32));
        return (long)SplitMix64.Mix(state ^ SplitMix64.Mix((ulong)index));
    }

    /// <summary>
    /// A torch generator for one use, on the CPU; the caller disposes it. Libtorch's CPU generator starts from the low 32 bits of its seed.
    /// </summary>
    public static torch.Generator Generator(long seed, string purpose, long index = 0) =>
        new((ulong)Derive(seed, purpose, index), torch.CPU);

    /// <summary>The numbers 0 to <paramref name="count"/> - 1 in random order: int64 [count] on the CPU. Every order is equally likely.</summary>
    public static torch.Tensor Permutation(long count, long seed, string purpose, long index = 0)
    {
        if (count is < 0 or > int.MaxValue - 64)
            throw new ArgumentOutOfRangeException(nameof(count), count, $"A permutation has between 0 and {int.MaxValue - 64} elements.");
        long[] order = new long[count];
        for (int i = 0; i < order.Length; i++) order[i] = i;
        SplitMix64 random = new((ulong)Derive(seed, purpose, index));
        for (int i = order.Length - 1; i > 0; i--)
        {
            int j = (int)random.Below((ulong)i + 1);
            (order[i], order[j]) = (order[j], order[i]);
        }

        return torch.tensor(order, torch.int64);
    }
}
