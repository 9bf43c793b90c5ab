using Mxd.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>
/// A trained tensor under the reference's key. In memory the vectors of a unit are contiguous rows; where the reference's files hold
/// the transpose, <see cref="StoredTransposed"/> is true and reading and writing turn it.
/// </summary>
public sealed class Parameter : IDisposable
{
    public Parameter(string key, Tensor value, bool storedTransposed = false, bool isTrained = true)
    {
        IsTrained = isTrained;
        Key = key;
        Value = value.DetachFromDisposeScope();
        StoredTransposed = storedTransposed;
    }

    public string Key { get; }

    public Tensor Value { get; }

    public bool StoredTransposed { get; }

    /// <summary>Does the optimizer move it? A few are measured instead.</summary>
    public bool IsTrained { get; }

    /// <summary>Same shape as <see cref="Value"/>; overwritten by each <see cref="ILayer.Differentiate"/>.</summary>
    public Tensor Gradient
    {
        get
        {
            if (rows is not null) WriteRows();
            if (!isWanted) throw new InvalidOperationException($"{Key} has no gradient: call AllocateGradient before training.");
            if (isUsedUp) throw new InvalidOperationException($"{Key} had its gradient taken row by row by the update, or by a later pass: read it before, or see AdamW.KeepsGradients.");
            return gradient ??= torch.zeros_like(Value).DetachFromDisposeScope();
        }
    }

    /// <summary>The gradient where it is a sum over the tokens on which a unit is active, computed only when it is read.</summary>
    internal UnitGradient? UnitGradient => rows;

    private Tensor? gradient;
    private UnitGradient? rows;
    private bool isWanted, isUsedUp;

    /// <summary>Prepares for training. Memory is taken only when a gradient is held whole.</summary>
    public void AllocateGradient() => isWanted = IsTrained;

    /// <summary>Overwrites the gradient with <paramref name="value"/>.</summary>
    public void SetGradient(Tensor value) => Overwrite().copy_(value);

    /// <summary>The gradient's memory, for somebody who writes all of it.</summary>
    internal Tensor Overwrite()
    {
        if (!isWanted) throw new InvalidOperationException($"{Key} cannot take a gradient: call AllocateGradient before training.");
        rows = null;
        isUsedUp = false;
        return gradient ??= torch.empty_like(Value).DetachFromDisposeScope();
    }

    /// <summary>Overwrites the gradient with one that is computed when it is read.</summary>
    internal void SetGradient(UnitGradient value)
    {
        if (!isWanted) throw new InvalidOperationException($"{Key} cannot take a gradient: call AllocateGradient before training.");
        rows = value;
        isUsedUp = false;
    }

    /// <summary>After an update that used <see cref="UnitGradient"/>, or once what it is computed from is gone: it is no longer to be had.</summary>
    internal void ForgetUnitGradient()
    {
        rows = null;
        isUsedUp = true;
    }

    /// <summary>gradient -= (gradient · row) row, for rows of unit norm.</summary>
    internal void RemoveParallelGradient()
    {
        if (rows is not null) rows.DropsParallel = true;
        else UnitRows.RemoveParallel(Gradient, Value);
    }

    /// <summary>Scales each row to unit norm; a row of zeros stays.</summary>
    internal unsafe void NormaliseRows()
    {
        if (ComputePath.UsesKernels && Value.IsPlain()) RowNorms.Normalise(Value.Floats(), (int)Value.shape[0], (int)Value.shape[1], Workers.Shared);
        else UnitRows.Normalise(Value);
    }

    private unsafe void WriteRows()
    {
        UnitGradient computed = rows!;
        Tensor whole = Overwrite();
        computed.WriteTo(Value.Floats(), whole.Floats(), Workers.Shared);
    }

    /// <summary>The tensor as the reference's files hold it (a view).</summary>
    public Tensor AsStored() => StoredTransposed ? Value.t() : Value;

    public void Dispose()
    {
        Value.Dispose();
        gradient?.Dispose();
    }
}
