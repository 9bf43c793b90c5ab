using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.LanguageModels;

/// <summary>
/// Puts a function in the place of what a language model computes between two hook points, until disposed. The function receives the
/// value at the input point and the one it replaces, as rows in float32 ([B·T, width], both), and returns the new rows.
/// Training, evaluation and steering all use it; several at once work.
/// </summary>
public sealed class LayerSwap : IDisposable
{
    private readonly Func<Tensor, Tensor, Tensor> replace;
    private readonly IDisposable inputHook;
    private readonly IDisposable outputHook;
    private Tensor? input;

    /// <exception cref="ArgumentException">The output point does not come after the input point, nor equals it.</exception>
    public LayerSwap(LanguageModel model, HookPoint inputPoint, HookPoint outputPoint, Func<Tensor, Tensor, Tensor> replace)
    {
        if (outputPoint.IsBefore(inputPoint))
            throw new ArgumentException($"The swap's output {outputPoint} comes before its input {inputPoint}.", nameof(outputPoint));
        this.replace = replace;
        inputHook = model.Hooks.Add(inputPoint, Remember);
        outputHook = model.Hooks.Add(outputPoint, Replace);
    }

    /// <summary>Replaces the MLP of one layer by a function of its normalised input.</summary>
    public static LayerSwap Mlp(LanguageModel model, int layer, Func<Tensor, Tensor> function) =>
        new(model, HookPoint.MlpInput(layer), HookPoint.MlpOutput(layer), (x, _) => function(x));

    /// <summary>Replaces a value by one vector [width] at every position: zeros, or the mean over a text.</summary>
    public static LayerSwap Constant(LanguageModel model, HookPoint point, Tensor vector) =>
        new(model, point, point, (_, original) => vector.expand(original.shape));

    public void Dispose()
    {
        outputHook.Dispose();
        inputHook.Dispose();
        input?.Dispose();
        input = null;
    }

    /// <summary>Keeps a handle of its own: the output point may lie in a later block, when the value's own handle is gone.</summary>
    private Tensor Remember(Tensor value)
    {
        input?.Dispose();
        input = value.detach().DetachFromDisposeScope();
        return value;
    }

    private Tensor Replace(Tensor original)
    {
        Tensor x = input ?? throw new InvalidOperationException("The swap's output was reached before its input.");
        input = null;
        using Tensor owned = x;
        using DisposeScope scope = NewDisposeScope();
        Tensor y = replace(Rows(x), Rows(original));
        return y.to(original.dtype).reshape(original.shape).MoveToOuterDisposeScope();
    }

    private static Tensor Rows(Tensor value) => value.reshape(-1, value.shape[^1]).to(ScalarType.Float32);
}
