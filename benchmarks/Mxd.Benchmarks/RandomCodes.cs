using Mxd.Kernels;
using Mxd.Layers;
using static TorchSharp.torch;

namespace Mxd.Benchmarks;

/// <summary>K units a token, any as likely as any other, with coefficients between 0 and 1: no unit's row is in a cache for being popular.</summary>
internal sealed unsafe class RandomCodes : IDisposable
{
    private readonly Tensor indices, coefficients;
    private readonly int tokens, slots, units;

    public RandomCodes(int tokens, int slots, int units)
    {
        (this.tokens, this.slots, this.units) = (tokens, slots, units);
        using Generator generator = new(1);
        indices = randint(0, units, [tokens, slots], dtype: ScalarType.Int64, generator: generator);
        coefficients = rand(tokens, slots, generator: generator);
    }

    public CodesView View => new((long*)Formats.TensorMemory.Start(indices), coefficients.Floats(), tokens, slots);

    public void Build(UnitEntries entries) => entries.Build(View.Indices, View.Coefficients, tokens, slots, units);

    public void Dispose()
    {
        indices.Dispose();
        coefficients.Dispose();
    }
}
