using Mxd.Kernels;

namespace Mxd.Layers;

/// <summary>What of a <see cref="FastStep"/> depends on the precision: its matrix products and the gate's.</summary>
internal sealed class StepProducts(MatrixProduct product, TiledTopK gate) : IDisposable
{
    public MatrixProduct Product => product;

    public TiledTopK Gate => gate;

    public static StepProducts Create(Precision precision, int k, HiddenUnits? activation, Workers workers) => precision == Precision.Mixed
        ? new StepProducts(new NarrowProduct(workers), new NarrowTopK(k, activation, workers))
        : new StepProducts(Sgemm.Create(workers), TiledTopK.Create(k, activation, workers));

    public void Dispose()
    {
        product.Dispose();
        gate.Dispose();
    }
}
