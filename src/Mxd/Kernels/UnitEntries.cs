using System.Runtime.CompilerServices;

namespace Mxd.Kernels;

/// <summary>
/// The codes of a batch, turned round: for every unit the (token, slot) pairs in which it is active, in ascending order of tokens. What is summed
/// over them for a unit is therefore summed by one worker in a fixed order, without atomics.
/// </summary>
internal sealed unsafe class UnitEntries : IDisposable
{
    private readonly NativeBuffer<int> starts = new(), entries = new();
    private int* start, entry;

    public int Units { get; private set; }

    /// <summary>K.</summary>
    public int Slots { get; private set; }

    /// <summary>Sorts by counting: B * K steps, about a millisecond at 131,072.</summary>
    /// <param name="indices">[B,K].</param>
    /// <param name="coefficients">[B,K]; only those that are not zero are active.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Build(long* indices, float* coefficients, int tokens, int slots, int units)
    {
        (Units, Slots) = (units, slots);
        int all = tokens * slots;
        start = starts.Ensure(units + 2);
        entry = entries.Ensure(all);
        new Span<int>(start, units + 2).Clear();
        // Counted two places on, so that after filling each unit's start is where it belongs.
        for (int i = 0; i < all; i++)
            if (coefficients[i] != 0) start[indices[i] + 2]++;
        for (int unit = 0; unit < units; unit++) start[unit + 2] += start[unit + 1];
        for (int i = 0; i < all; i++)
            if (coefficients[i] != 0) entry[start[indices[i] + 1]++] = i;
    }

    /// <summary>Where a unit is active: token * K + slot.</summary>
    public ReadOnlySpan<int> Of(int unit) => new(entry + start[unit], start[unit + 1] - start[unit]);

    /// <summary>to_n = Σ of the values [B,K] where unit n is active.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Sum(float* values, float* to)
    {
        for (int unit = 0; unit < Units; unit++)
        {
            float sum = 0;
            foreach (int at in Of(unit)) sum += values[at];
            to[unit] = sum;
        }
    }

    public void Dispose()
    {
        starts.Dispose();
        entries.Dispose();
    }
}
