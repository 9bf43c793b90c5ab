using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Mxd.Kernels;

/// <summary>
/// The K largest positive values of each token, found while values stream by in ascending order of their units. Candidates above the K-th
/// largest seen so far are collected; when there is no room left, all but the K largest are dropped. A value equal to the K-th largest comes from a
/// later unit and is not taken: of equals the lower index wins. Nothing is stored of values that are not positive.
/// </summary>
internal sealed unsafe class TopKCandidates(int k) : IDisposable
{
    /// <summary>Units a tile, at most.</summary>
    public const int LargestTile = 1024;

    private const int Lanes = 8;

    private readonly NativeBuffer<float> values = new(), thresholds = new(), zeros = new();
    private readonly NativeBuffer<int> units = new(), counts = new();
    private float* valueOf, threshold, zero;
    private int* unitOf, count;

    /// <summary>
    /// Candidates a token: each of the later passes over them is paid for by as many taken in between as are kept, so that few of 20,000
    /// values cost more than the comparison.
    /// </summary>
    private int Capacity { get; } = (int)Room(k);

    /// <inheritdoc cref="Capacity"/>
    public static long Room(long k) => k + Math.Max(k, 64);

    /// <summary>Forgets everything and makes room for a number of tokens.</summary>
    public void Begin(int tokens)
    {
        valueOf = values.Ensure((long)tokens * Capacity);
        unitOf = units.Ensure((long)tokens * Capacity);
        threshold = thresholds.Ensure(tokens);
        count = counts.Ensure(tokens);
        zero = zeros.Ensure(LargestTile);
        new Span<float>(zero, LargestTile).Clear();
        new Span<float>(threshold, tokens).Clear();
        new Span<int>(count, tokens).Clear();
    }

    /// <summary>Takes what is large enough of a row of a tile.</summary>
    /// <param name="token">Whose values they are.</param>
    /// <param name="p">x Wᵀ for some units, overwritten.</param>
    /// <param name="factor">x Vᵀ for them, or null.</param>
    /// <param name="encoder">Those units.</param>
    /// <param name="activation">As in <see cref="TiledTopK.Create"/>.</param>
    /// <param name="first">The number of the first.</param>
    public void Offer(int token, float* p, float* factor, EncoderView encoder, HiddenUnits? activation, int first)
    {
        if (activation is null)
        {
            Offer(token, p, encoder.Bias, first, encoder.Units);
            return;
        }
        activation.Values(p, encoder.Bias, factor, encoder.FactorBias, encoder.Units);
        Offer(token, p, zero, first, encoder.Units);
    }

    /// <summary>Takes what is large enough of p + bias, the values of the units from <paramref name="first"/> on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Offer(int token, float* p, float* bias, int first, int length)
    {
        if (count[token] < 0) return;
        int j = 0;
        for (; j + 2 * Lanes <= length; j += 2 * Lanes)
        {
            // Not "at most" is "above" or "not a number": one comparison finds both.
            Vector256<float> limit = Vector256.Create(threshold[token]);
            Vector256<float> left = Vector256.Load(p + j) + Vector256.Load(bias + j);
            Vector256<float> right = Vector256.Load(p + j + Lanes) + Vector256.Load(bias + j + Lanes);
            uint below = Vector256.LessThanOrEqual(left, limit).ExtractMostSignificantBits()
                | Vector256.LessThanOrEqual(right, limit).ExtractMostSignificantBits() << Lanes;
            for (uint above = below ^ 0xFFFF; above != 0; above &= above - 1)
            {
                int at = j + BitOperations.TrailingZeroCount(above);
                Add(token, p[at] + bias[at], first + at);
            }
        }
        for (; j < length; j++)
            if (!(p[j] + bias[j] <= threshold[token])) Add(token, p[j] + bias[j], first + j);
    }

    /// <summary>
    /// Writes the chosen units in ascending order with their values; where fewer than K are positive, the rest are unit 0 with a value of 0.
    /// False where a value was not a number.
    /// </summary>
    public bool Finish(int token, long* indices, float* coefficients) => Finish(token, k, indices, coefficients);

    /// <summary>
    /// The same for the <paramref name="largest"/> of the K, by the values that <paramref name="score"/> gives (token, unit): for streams whose
    /// values are only near.
    /// </summary>
    public bool Finish(int token, int largest, Func<int, int, float> score, long* indices, float* coefficients)
    {
        if (count[token] > k) KeepLargest(token, k);
        long start = (long)token * Capacity;
        int kept = 0;
        for (int i = 0; i < count[token]; i++)
        {
            float value = score(token, unitOf[start + i]);
            if (float.IsNaN(value)) return false;
            if (value <= 0) continue;
            valueOf[start + kept] = value;
            unitOf[start + kept++] = unitOf[start + i];
        }
        if (count[token] >= 0) count[token] = kept;
        return Finish(token, largest, indices, coefficients);
    }

    public void Dispose()
    {
        values.Dispose();
        thresholds.Dispose();
        zeros.Dispose();
        units.Dispose();
        counts.Dispose();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Add(int token, float value, int unit)
    {
        // The threshold may have risen since the comparison.
        if (value <= threshold[token] || count[token] < 0) return;
        if (float.IsNaN(value))
        {
            count[token] = -1;
            return;
        }
        long at = (long)token * Capacity + count[token];
        valueOf[at] = value;
        unitOf[at] = unit;
        if (++count[token] == Capacity) KeepLargest(token, k);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool Finish(int token, int largest, long* indices, float* coefficients)
    {
        if (count[token] < 0) return false;
        if (count[token] > largest) KeepLargest(token, largest);
        int found = count[token];
        long start = (long)token * Capacity;
        for (int i = 0; i < largest; i++)
        {
            indices[i] = i < found ? unitOf[start + i] : 0;
            coefficients[i] = i < found ? valueOf[start + i] : 0;
        }
        return true;
    }

    /// <summary>Drops all but the largest, of equals the later ones, and keeps the order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void KeepLargest(int token, int largest)
    {
        float* value = valueOf + (long)token * Capacity;
        int* unit = unitOf + (long)token * Capacity;
        int length = count[token];
        Span<float> copy = stackalloc float[length];
        new ReadOnlySpan<float>(value, length).CopyTo(copy);
        float limit = Largest(copy, largest);
        int equals = largest;
        for (int i = 0; i < length; i++)
            if (value[i] > limit) equals--;
        int kept = 0;
        for (int i = 0; i < length; i++)
        {
            if (value[i] < limit || (value[i] == limit && equals-- <= 0)) continue;
            value[kept] = value[i];
            unit[kept++] = unit[i];
        }
        count[token] = kept;
        threshold[token] = limit;
    }

    /// <summary>The k-th largest; reorders.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Largest(Span<float> values, int k)
    {
        int low = 0, high = values.Length - 1, wanted = k - 1;
        while (low < high)
        {
            float pivot = values[(low + high) / 2];
            int i = low, j = high;
            while (i <= j)
            {
                while (values[i] > pivot) i++;
                while (values[j] < pivot) j--;
                if (i > j) break;
                (values[i], values[j]) = (values[j], values[i]);
                i++;
                j--;
            }
            if (wanted <= j) high = j;
            else if (wanted >= i) low = i;
            else break;
        }
        return values[wanted];
    }
}
