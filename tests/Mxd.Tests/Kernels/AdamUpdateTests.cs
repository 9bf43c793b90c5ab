using Mxd.Kernels;

namespace Mxd.Tests.Kernels;

public unsafe class AdamUpdateTests
{
    /// <summary>The gradient of a row of 16 MB is more than a thread's stack.</summary>
    [Fact]
    public void ByRows_TakesRowsThatNoStackHolds()
    {
        const int Width = 4 << 20;
        using var workers = new Workers(2);
        using var entries = new UnitEntries();
        using NativeBuffer<float> weights = new(), first = new(), second = new(), vectors = new();
        foreach (NativeBuffer<float> buffer in new[] { weights, first, second, vectors }) new Span<float>(buffer.Ensure(Width), Width).Fill(1);
        long unit = 0;
        float one = 1;
        entries.Build(&unit, &one, 1, 1, 1);
        var update = new AdamUpdate(0.5, 0.5, 0, 0.5, 1);
        update.Apply(weights.Ensure(Width), first.Ensure(Width), second.Ensure(Width), new UnitGradient(entries, &one, new(vectors.Ensure(Width), 1, Width)), workers);
        Assert.False(new ReadOnlySpan<float>(weights.Ensure(Width), Width).ContainsAnyExcept(0.5f));
    }
}
