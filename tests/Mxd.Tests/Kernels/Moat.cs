using Mxd.Kernels;

namespace Mxd.Tests.Kernels;

/// <summary>
/// Values between two strips of NaN, off any alignment: what a kernel reads beyond the ends spoils its result, what it writes there is found.
/// </summary>
internal sealed unsafe class Moat : IDisposable
{
    private const int Strip = 67;

    private readonly NativeBuffer<float> memory = new();
    private readonly float* data;
    private readonly int count;

    public Moat(ReadOnlySpan<float> values)
    {
        count = values.Length;
        data = memory.Ensure(count + 2 * Strip);
        new Span<float>(data, count + 2 * Strip).Fill(float.NaN);
        values.CopyTo(Values);
    }

    /// <summary>All NaN: a value that is not written stays one.</summary>
    public Moat(int count)
        : this(Enumerable.Repeat(float.NaN, count).ToArray())
    {
    }

    public float* Data => data + Strip;

    public Span<float> Values => new(Data, count);

    public void AssertHolds(ReadOnlySpan<float> expected, string what)
    {
        for (int i = 0; i < count; i++)
            if (Values[i] != expected[i]) Assert.Fail($"{what}: {Values[i]} instead of {expected[i]} at {i}");
        for (int i = 0; i < Strip; i++)
            if (!float.IsNaN(data[i]) || !float.IsNaN(data[Strip + count + i])) Assert.Fail($"{what}: written {i} beyond an end");
    }

    public void Dispose() => memory.Dispose();
}
