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
    public Tensor Gradient => gradient ?? throw new InvalidOperationException($"{Key} has no gradient: call AllocateGradient before training.");

    private Tensor? gradient;

    public void AllocateGradient()
    {
        if (IsTrained) gradient ??= torch.zeros_like(Value).DetachFromDisposeScope();
    }

    /// <summary>Overwrites the gradient with <paramref name="value"/>.</summary>
    public void SetGradient(Tensor value) => Gradient.copy_(value);

    /// <summary>The tensor as the reference's files hold it (a view).</summary>
    public Tensor AsStored() => StoredTransposed ? Value.t() : Value;

    public void Dispose()
    {
        Value.Dispose();
        gradient?.Dispose();
    }
}
