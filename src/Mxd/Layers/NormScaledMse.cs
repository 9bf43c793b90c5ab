using TorchSharp;
using static Mxd.Runtime.Scalars;
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
    public sealed record Result(Tensor Loss, Tensor OutputGradient)
    {
        internal Result MoveToOuterDisposeScope()
        {
            Loss.MoveToOuterDisposeScope();
            OutputGradient.MoveToOuterDisposeScope();
            return this;
        }
    }

    /// <summary>1 / ‖t‖₂ of each token, [B,1]; zero where the norm is zero.</summary>
    public static Tensor Weights(Tensor target)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor norms = linalg.vector_norm(target, 2, [1], keepdim: true);
        return norms.reciprocal().masked_fill_(norms == Zero, Zero).MoveToOuterDisposeScope();
    }

    /// <summary>The loss of y against t, a scalar, under autograd.</summary>
    public static Tensor Of(Tensor y, Tensor target) => Of(y, target, Weights(target));

    /// <summary>The same with the weights of another target: mean over tokens and outputs of (y - t)² w.</summary>
    public static Tensor Of(Tensor y, Tensor target, Tensor weights)
    {
        Tensor difference = y - target;
        return (difference * difference * weights).sum() / Number(Terms(target, weights));
    }

    public static Result Differentiate(Tensor y, Tensor target)
    {
        using DisposeScope scope = NewDisposeScope();
        return Differentiate(y, target, Weights(target)).MoveToOuterDisposeScope();
    }

    /// <summary>The same with the weights [B,1] of another target.</summary>
    public static Result Differentiate(Tensor y, Tensor target, Tensor weights)
    {
        using DisposeScope scope = NewDisposeScope();
        double terms = Terms(target, weights);
        Tensor difference = y - target;
        Tensor gradient = difference * weights;
        Tensor loss = (gradient * difference).sum().div_(Number(terms));
        gradient.mul_(Number(2 / terms));
        return new Result(loss, gradient).MoveToOuterDisposeScope();
    }

    private static double Terms(Tensor target, Tensor weights)
    {
        using DisposeScope scope = NewDisposeScope();
        return Math.Max(1, weights.count_nonzero().ToInt64()) * (double)target.shape[1];
    }
}
