using Mxd.Kernels;
using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>A <see cref="HiddenBranch"/> by kernels: the same equations and gradients, in memory that is used again at every step.</summary>
internal sealed unsafe class FastHidden(HiddenBranch branch, Workers workers) : IDisposable
{
    private readonly HiddenUnits units = HiddenUnits.Create(branch.Activation.Name);
    private readonly NativeBuffer<float> preActivations = new(), factors = new(), hidden = new();

    private int Width => (int)branch.Bias.Value.shape[0];

    /// <summary>s = z D.</summary>
    /// <param name="product">In the precision of the step.</param>
    /// <param name="x">[B,I].</param>
    /// <param name="s">[B,O].</param>
    public void Forward(MatrixProduct product, MatrixView x, float* s)
    {
        int tokens = x.Rows;
        long size = (long)tokens * Width;
        float* u = preActivations.Ensure(size), z = hidden.Ensure(size), f = null, factorBias = null;
        product.Multiply(x, branch.Weights.Value.View().Transposed, u);
        if (branch.Glu is { } glu)
        {
            f = factors.Ensure(size);
            factorBias = glu.Bias.Value.Floats();
            product.Multiply(x, glu.Weights.Value.View().Transposed, f);
        }
        units.Forward(u, branch.Bias.Value.Floats(), f, factorBias, z, tokens, Width, workers);
        product.Multiply(new MatrixView(z, tokens, Width), branch.Decoder.Value.View(), s);
    }

    /// <summary>Writes the gradients of E, e, D, V and v; <see cref="Forward"/> of the same step must have come before.</summary>
    /// <param name="product">In the precision of the step.</param>
    /// <param name="x">[B,I].</param>
    /// <param name="gradient">d loss / d s, [B,O].</param>
    public void Backward(MatrixProduct product, MatrixView x, MatrixView gradient)
    {
        int tokens = x.Rows;
        long size = (long)tokens * Width;
        float* u = preActivations.Ensure(size), z = hidden.Ensure(size);
        product.Multiply(new MatrixView(z, tokens, Width).Transposed, gradient, branch.Decoder.Overwrite().Floats());
        // z is no longer needed: its memory takes d loss / d z.
        product.Multiply(gradient, branch.Decoder.Value.View().Transposed, z);
        HiddenUnits.Multiply(u, z, tokens, Width, workers);
        Write(product, branch.Weights.Overwrite(), branch.Bias.Overwrite(), u, x);
        if (branch.Glu is not { } glu) return;
        float* f = factors.Ensure(size);
        HiddenUnits.Multiply(f, z, tokens, Width, workers);
        Write(product, glu.Weights.Overwrite(), glu.Bias.Overwrite(), f, x);
    }

    public void Dispose()
    {
        preActivations.Dispose();
        factors.Dispose();
        hidden.Dispose();
    }

    private void Write(MatrixProduct product, Tensor weights, Tensor bias, float* gradient, MatrixView x)
    {
        product.Multiply(new MatrixView(gradient, x.Rows, Width).Transposed, x, weights.Floats());
        RowNorms.SumColumns(gradient, x.Rows, Width, bias.Floats(), workers);
    }
}
