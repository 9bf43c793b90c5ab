using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>A training step by torch's own differentiation of a layer's readable definition: slower than gradients written out, and their oracle.</summary>
public static class Autograd
{
    /// <summary>As <see cref="ILayer.Differentiate"/>.</summary>
    public static TrainingPass Differentiate(ILayer layer, TrainingBatch batch)
    {
        using DisposeScope scope = NewDisposeScope();
        Parameter[] trained = [.. layer.Parameters.Where(p => p.IsTrained)];
        ReadablePass pass;
        try
        {
            foreach (Parameter parameter in trained) parameter.Value.requires_grad_(true);
            using IDisposable grad = enable_grad();
            pass = layer.Losses(batch);
            IList<Tensor> gradients = autograd.grad([pass.Loss.Total], [.. trained.Select(p => p.Value)], allow_unused: true);
            using IDisposable noGrad = no_grad();
            for (int i = 0; i < trained.Length; i++)
            {
                if (gradients[i] is { IsInvalid: false } gradient) trained[i].SetGradient(gradient);
                else trained[i].Gradient.zero_();
            }
        }
        finally
        {
            foreach (Parameter parameter in trained) parameter.Value.requires_grad_(false);
        }
        return new TrainingPass(pass.Loss.ToTerms(), pass.Codes.Detach().MoveToOuterDisposeScope(), pass.Output.detach().MoveToOuterDisposeScope());
    }
}
