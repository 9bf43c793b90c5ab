using Mxd.Layers;
using TorchSharp;
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

    /// <summary>Moves every parameter along its <see cref="Parameter.Gradient"/>.</summary>
    public void Step(double learningRate)
    {
        using IDisposable noGrad = no_grad();
        Steps++;
        double stepSize = learningRate / (1 - Math.Pow(Beta1, Steps));
        double secondCorrection = Math.Sqrt(1 - Math.Pow(Beta2, Steps));
        for (int i = 0; i < Parameters.Count; i++)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor gradient = Parameters[i].Gradient;
            Tensor m = FirstMoments[i].mul_(Beta1).add_(gradient, 1 - Beta1);
            Tensor v = SecondMoments[i].mul_(Beta2).addcmul_(gradient, gradient, 1 - Beta2);
            Tensor denominator = v.sqrt().div_(secondCorrection).add_(Epsilon);
            Parameters[i].Value.addcdiv_(m, denominator, -stepSize);
        }
    }

    public void Dispose()
    {
        foreach (Tensor tensor in FirstMoments.Concat(SecondMoments)) tensor.Dispose();
    }
}
