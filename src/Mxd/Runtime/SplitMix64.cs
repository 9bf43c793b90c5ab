namespace Mxd.Runtime;

/// <summary>
/// The SplitMix64 generator (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014): a counter and a mixing
/// function. Written out because .NET promises no sequence for its own seeded generator.
/// </summary>
internal struct SplitMix64(ulong state)
{
    private const ulong Increment = 0x9e3779b97f4a7c15;

    /// <summary>A bijection of 64-bit numbers in which every input bit changes about half of the output bits.</summary>
    public static ulong Mix(ulong value)
    {
        value += Increment;
        value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
        value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
        return value ^ (value >> 31);
    }

    public ulong Next()
    {
        ulong value = Mix(state);
        state += Increment;
        return value;
    }

    /// <summary>A number below <paramref name="bound"/> (above 0), each equally likely (Lemire's rejection of the uneven remainder).</summary>
    public ulong Below(ulong bound)
    {
        ulong high = Math.BigMul(Next(), bound, out ulong low);
        if (low >= bound) return high;
        for (ulong uneven = (0 - bound) % bound; low < uneven;) high = Math.BigMul(Next(), bound, out low);
        return high;
    }
}
