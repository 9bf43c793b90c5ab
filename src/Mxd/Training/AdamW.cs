using Mxd.Kernels;
using Mxd.Layers;
using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;

namespace Mxd.Training;

/// <summary>
/// Adam with decoupled weight decay of zero, as the published runs use it: betas 0.9 and 0.999, ε = 1e-8.
/// <code>
/// m = β₁ m + (1 - β₁) g,   v = β₂ v + (1 - β₂) g²
/// w -= lr · (m / (1 - β₁ᵗ)) / (√(v / (1 - β₂ᵗ)) + ε)
/// </code>
/// </summary>
public sealed class AdamW : IDisposable
{
    private const double Beta1 = 0.9, Beta2 = 0.999, Epsilon = 1e-8;

    public AdamW(IReadOnlyList<Parameter> parameters)
    {
        Parameters = parameters;
        FirstMoments = [.. parameters.Select(p => zeros_like(p.Value).DetachFromDisposeScope())];
        SecondMoments = [.. parameters.Select(p => zeros_like(p.Value).DetachFromDisposeScope())];
    }

    public IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>Updates made so far.</summary>
    public long Steps { get; set; }

    /// <summary>m, a tensor a parameter.</summary>
    public IReadOnlyList<Tensor> FirstMoments { get; }

    /// <summary>v, a tensor a parameter.</summary>
    public IReadOnlyList<Tensor> SecondMoments { get; }

    /// <summary>
    /// Can every <see cref="Parameter.Gradient"/> still be read after an update? Otherwise those that are sums over a unit's tokens are
    /// computed row by row during the update and never held.
    /// </summary>
    public bool KeepsGradients { get; set; }

    /// <summary>Moves every parameter along its <see cref="Parameter.Gradient"/>.</summary>
    public void Step(double learningRate)
    {
        using IDisposable noGrad = no_grad();
        Steps++;
        var update = new AdamUpdate(Beta1, Beta2, Epsilon, learningRate / (1 - Math.Pow(Beta1, Steps)), Math.Sqrt(1 - Math.Pow(Beta2, Steps)));
        for (int i = 0; i < Parameters.Count; i++)
        {
            if (ComputePath.UsesKernels && Parameters[i].Value.IsPlain()) Update(i, update);
            else UpdateReadably(i, update);
        }
    }

    public void Dispose()
    {
        foreach (Tensor tensor in FirstMoments.Concat(SecondMoments)) tensor.Dispose();
    }

    private unsafe void Update(int index, AdamUpdate update)
    {
        Parameter parameter = Parameters[index];
        float* w = parameter.Value.Floats(), m = FirstMoments[index].Floats(), v = SecondMoments[index].Floats();
        if (parameter.UnitGradient is not { } rows)
        {
            update.Apply(w, m, v, parameter.Gradient.Floats(), parameter.Value.numel(), Workers.Shared);
            return;
        }
        if (KeepsGradients) _ = parameter.Gradient;
        else parameter.ForgetUnitGradient();
        update.Apply(w, m, v, rows, Workers.Shared);
    }

    private void UpdateReadably(int index, AdamUpdate update)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor gradient = Parameters[index].Gradient;
        Tensor m = FirstMoments[index].mul_(Number(Beta1)).add_(gradient, Number(1 - Beta1));
        Tensor v = SecondMoments[index].mul_(Number(Beta2)).addcmul_(gradient, gradient, Number(1 - Beta2));
        Tensor denominator = v.sqrt().div_(Number(update.Correction)).add_(Number(Epsilon), One);
        Parameters[index].Value.addcdiv_(m, denominator, Number(-update.StepSize));
    }
}
