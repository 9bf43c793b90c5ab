using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>Keeps decoder vectors (rows of [units,O]) at unit norm: rescale before a step, drop the parallel part of the gradient after backward.</summary>
public static class UnitRows
{
    /// <summary>Scales each row to unit norm in place and returns the tensor; a row of zeros stays.</summary>
    public static Tensor Normalise(Tensor rows)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor norms = linalg.vector_norm(rows, 2, [1], keepdim: true);
        rows.div_(norms.masked_fill_(norms == Zero, One));
        return rows;
    }

    /// <summary>gradient -= (gradient · row) row, for rows of unit norm, in place.</summary>
    public static void RemoveParallel(Tensor gradient, Tensor rows)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor along = (gradient * rows).sum(1, keepdim: true);
        gradient.addcmul_(along, rows, Number(-1));
    }
}
