using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>
/// The loss of the published runs: mean over tokens and outputs of (y - t)² / ‖t‖₂ (the norm, not its square).
/// A token whose target has zero norm is left out of the mean.
/// </summary>
public static class NormScaledMse
{
    /// <summary>Differences y - t [B,O] weighted to the loss and its gradient.</summary>
    /// <param name="Loss">A scalar tensor.</param>
    /// <param name="OutputGradient">d Loss / d y, [B,O].</param>
    public sealed record Result(Tensor Loss, Tensor OutputGradient);

    /// <summary>1 / ‖t‖₂ of each token, [B,1]; zero where the norm is zero.</summary>
    public static Tensor Weights(Tensor target)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor norms = linalg.vector_norm(target, 2, [1], keepdim: true);
        return norms.reciprocal().masked_fill_(norms == 0, 0).MoveToOuterDisposeScope();
    }

    public static Result Differentiate(Tensor y, Tensor target)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor weights = Weights(target);
        double terms = Math.Max(1, weights.count_nonzero().ToInt64()) * (double)target.shape[1];
        Tensor difference = y - target;
        Tensor gradient = difference * weights;
        Tensor loss = (gradient * difference).sum().div_(terms);
        gradient.mul_(2 / terms);
        return new Result(loss.MoveToOuterDisposeScope(), gradient.MoveToOuterDisposeScope());
    }
}
