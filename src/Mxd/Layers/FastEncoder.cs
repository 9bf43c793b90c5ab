using Mxd.Kernels;
using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>A <see cref="UnitEncoder"/> under TopK by kernels: the K chosen units a token, and the gradients that come through them.</summary>
internal sealed unsafe class FastEncoder(UnitEncoder encoder, int k, Workers workers) : IDisposable
{
    /// <summary>Tokens at a time whose every unit is looked at.</summary>
    private const int WholeTokens = 64;

    private readonly NativeBuffer<float> factorGradients = new();

    /// <summary>For <see cref="TiledTopK"/>.</summary>
    public HiddenUnits? Activation { get; } = encoder.IsRelu ? null : HiddenUnits.Create(encoder.Activation.Name);

    /// <summary>Parameters whose gradients are computed row by row.</summary>
    public IEnumerable<Parameter> UnitParameters => encoder.Glu is { } glu ? [encoder.Weights, glu.Weights] : [encoder.Weights];

    private EncoderView View => new(
        encoder.Weights.Value.View(),
        (nint)encoder.Bias.Value.Floats(),
        encoder.Glu?.Weights.Value.View(),
        encoder.Glu is { } glu ? (nint)glu.Bias.Value.Floats() : 0);

    /// <param name="gate">In the precision of the step.</param>
    /// <param name="x">The layer's input less b_in, [B,I].</param>
    /// <param name="input">The layer's input, [B,I].</param>
    /// <param name="indices">The chosen units, int64 [B,K], overwritten.</param>
    /// <param name="values">Their values, [B,K], overwritten.</param>
    /// <returns>The codes in that memory; null where a value is not a number.</returns>
    public TopKCodes? TryEncode(TiledTopK gate, MatrixView x, Tensor input, Tensor indices, Tensor values)
    {
        int bad = gate.Select(x, View, (long*)Formats.TensorMemory.Start(indices), values.Floats());
        if (bad >= 0) return null;
        if (Activation is not null) Complete(input, indices, values);
        return new TopKCodes(indices, values, encoder.Weights.Value.shape[0]);
    }

    /// <summary>Writes the gradients of W, w, V and v, and takes that of b_in off the output bias's, which it is part of.</summary>
    /// <param name="x">The layer's input less b_in; must still be there when the gradients are used.</param>
    /// <param name="codes">The chosen units.</param>
    /// <param name="entries">The same.</param>
    /// <param name="gradient">d loss / d a, [B,K], overwritten; must still be there when the gradients are used.</param>
    /// <param name="outputBias">An autoencoder's one bias is taken from the input and added to the output.</param>
    public void Backward(MatrixView x, CodesView codes, UnitEntries entries, float* gradient, Parameter outputBias)
    {
        float* factorGradient = encoder.Glu is null ? null : factorGradients.Ensure((long)codes.Tokens * codes.Slots);
        if (Activation is not null) ChosenUnits.Backward(x, View, Activation, codes, gradient, factorGradient, workers);
        Write(encoder.Weights, encoder.Bias, gradient);
        if (encoder.Glu is { } glu) Write(glu.Weights, glu.Bias, factorGradient);

        void Write(Parameter weights, Parameter bias, float* coefficients)
        {
            weights.SetGradient(new UnitGradient(entries, coefficients, x));
            Tensor sums = bias.Overwrite();
            entries.Sum(coefficients, sums.Floats());
            if (encoder.InputBias is not null) outputBias.Gradient.sub_(matmul(sums, weights.Value));
        }
    }

    public void Dispose() => factorGradients.Dispose();

    /// <summary>
    /// Where fewer than K units are positive, the rest are the largest of the others, which may be below zero: such tokens are rare, and all their
    /// units are looked at once more.
    /// </summary>
    private void Complete(Tensor input, Tensor indices, Tensor values)
    {
        Tensor missing = values.select(1, k - 1).eq(Zero).nonzero().squeeze(1);
        for (long start = 0; start < missing.shape[0]; start += WholeTokens)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor tokens = missing.narrow(0, start, Math.Min(WholeTokens, missing.shape[0] - start));
            TopKCodes whole = Sparsity.TopK.Select(encoder.Forward(input.index_select(0, tokens)).Activations, k);
            (Tensor ascending, Tensor order) = whole.Indices.sort(1);
            indices.index_copy_(0, tokens, ascending);
            values.index_copy_(0, tokens, whole.Values.gather(1, order));
        }
    }
}
