using Mxd.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Layers;

public class UnitRowsTests
{
    [Fact]
    public void Normalise_GivesRowsOfNormOne_InTheirDirection()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor rows = RandomLayers.Rows(20, 7, seed: 1) * 3, before = rows.clone();
        UnitRows.Normalise(rows);
        GoldenTensors.AssertClose(ones(20), linalg.vector_norm(rows, 2, [1]), 1e-6, "norms");
        GoldenTensors.AssertClose(linalg.vector_norm(before, 2, [1]), (rows * before).sum(1), 1e-5, "projections");
    }

    [Fact]
    public void Normalise_LeavesARowOfZeros()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor rows = tensor(new float[] { 0, 0, 3, 4 }, 2, 2);
        UnitRows.Normalise(rows);
        GoldenTensors.AssertClose(tensor(new float[] { 0, 0, 0.6f, 0.8f }, 2, 2), rows, 1e-7, "rows");
    }

    [Fact]
    public void RemoveParallel_LeavesTheOrthogonalPart()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor rows = UnitRows.Normalise(RandomLayers.Rows(20, 7, seed: 2));
        Tensor gradient = RandomLayers.Rows(20, 7, seed: 3), before = gradient.clone();
        UnitRows.RemoveParallel(gradient, rows);
        GoldenTensors.AssertClose(zeros(20), (gradient * rows).sum(1), 1e-6, "along the rows");
        Tensor removed = before - gradient;
        GoldenTensors.AssertClose((removed * rows).sum(1, keepdim: true) * rows, removed, 1e-6, "what was removed is parallel");
    }
}
