using Mxd.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>
/// The forward and backward pass of a <see cref="SparseLayer"/> with TopK of relu'd values, by kernels for CPUs: the gate's product is the
/// only work that grows with N; decoding and all gradients of units touch the K chosen rows of a token, and are summed unit by unit only when they
/// are used (<see cref="Parameter.UnitGradient"/>). The equations are those of <see cref="SparseLayer.Differentiate"/>, against which it is tested.
/// </summary>
internal sealed unsafe class FastStep : IDisposable
{
    /// <summary>A K beyond this is hardly sparse.</summary>
    private const int LargestK = 4096;

    private readonly UnitEncoder encoder;
    private readonly IDecoder decoder;
    private readonly SkipConnection? skip;
    private readonly int k;
    private readonly Workers workers = Workers.Shared;
    private readonly Sgemm product;
    private readonly TiledTopK gate;
    private readonly FastHidden? hidden;
    private readonly LossKernel loss;
    private readonly UnitEntries entries = new();
    private readonly NativeBuffer<float> inputs = new(), sums = new(), shared = new(), outputGradients = new(), coefficients = new(), codeGradients = new();

    private FastStep(UnitEncoder encoder, IDecoder decoder, SkipConnection? skip, int k)
    {
        (this.encoder, this.decoder, this.skip, this.k) = (encoder, decoder, skip, k);
        product = Sgemm.Create(workers);
        gate = TiledTopK.Create(k, workers);
        loss = new LossKernel(workers);
        hidden = decoder is MixtureDecoder mixture ? new FastHidden(mixture.Hidden, product, workers) : null;
    }

    /// <summary>Null where the layer's formula is another.</summary>
    public static FastStep? For(LayerOptions options, UnitEncoder encoder, IDecoder decoder, SkipConnection? skip) =>
        options.Sparsity is Sparsity.TopK { K: <= LargestK } topK && encoder.IsRelu && decoder is MixtureDecoder or DictionaryDecoder
            ? new FastStep(encoder, decoder, skip, topK.K)
            : null;

    /// <summary>Can, and should, this batch be done here? Kernels know no shapes: one that does not fit is left to torch to refuse.</summary>
    public bool Takes(TrainingBatch batch) =>
        ComputePath.UsesKernels && batch.DeadUnits is null && encoder.Weights.Value.IsPlain()
        && batch.Inputs.device_type == DeviceType.CPU && batch.Inputs.dtype == ScalarType.Float32 && batch.Targets.dtype == ScalarType.Float32
        && batch.Inputs.shape is [var tokens, var width] && width == encoder.Weights.Value.shape[1] && tokens * k < int.MaxValue
        && batch.Targets.shape.AsSpan().SequenceEqual([tokens, decoder.UnitVectors.Value.shape[1]]);

    /// <exception cref="NotFiniteNumberException">A pre-activation is not a number.</exception>
    public TrainingPass Differentiate(TrainingBatch batch)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor inputTensor = batch.Inputs.contiguous(), target = batch.Targets.contiguous();
        MatrixView x = Keep(inputTensor);
        TopKCodes codes = Encode(x);
        var view = new CodesView((long*)Formats.TensorMemory.Start(codes.Indices), coefficients.Ensure((long)x.Rows * k), x.Rows, k);

        Tensor y = empty(x.Rows, decoder.UnitVectors.Value.shape[1]);
        (double value, MatrixView outputs, MatrixView units) = Decode(x, view, y, target);
        Backward(x, view, outputs, units);
        GC.KeepAlive(target);
        return new TrainingPass(new LossTerms(value), codes.MoveToOuterDisposeScope(), y.MoveToOuterDisposeScope());
    }

    public void Dispose()
    {
        product.Dispose();
        gate.Dispose();
        hidden?.Dispose();
        loss.Dispose();
        entries.Dispose();
        foreach (NativeBuffer<float> buffer in new[] { inputs, sums, shared, outputGradients, coefficients, codeGradients }) buffer.Dispose();
    }

    /// <summary>x - b_in in memory of our own: gradients that are computed later read it when the batch may be gone.</summary>
    private MatrixView Keep(Tensor x)
    {
        var kept = new MatrixView(inputs.Ensure(x.numel()), (int)x.shape[0], (int)x.shape[1]);
        float* from = x.Floats(), bias = encoder.InputBias is { } b ? b.Value.Floats() : null;
        workers.ForRanges(kept.Rows, 64, (_, start, end) =>
        {
            for (int row = start; row < end; row++)
            {
                float* to = kept.Data + row * kept.RowStride;
                new ReadOnlySpan<float>(from + row * kept.RowStride, kept.Columns).CopyTo(new Span<float>(to, kept.Columns));
                if (bias is not null) RowMath.AddScaled(to, bias, -1, kept.Columns);
            }
        });
        GC.KeepAlive(x);
        return kept;
    }

    private TopKCodes Encode(MatrixView x)
    {
        Tensor indices = empty(x.Rows, k, dtype: ScalarType.Int64), values = empty(x.Rows, k);
        long* index = (long*)Formats.TensorMemory.Start(indices);
        int units = (int)encoder.Weights.Value.shape[0];
        int bad = gate.Select(x, encoder.Weights.Value.View(), encoder.Bias.Value.Floats(), index, values.Floats());
        if (bad >= 0) throw new NotFiniteNumberException("The loss became NaN.", double.NaN); // Token bad has pre-activations that are not numbers.
        float* own = coefficients.Ensure((long)x.Rows * k);
        new ReadOnlySpan<float>(values.Floats(), x.Rows * k).CopyTo(new Span<float>(own, x.Rows * k));
        entries.Build(index, own, x.Rows, k, units);
        return new TopKCodes(indices, values, units);
    }

    /// <summary>The loss, d loss / d y [B,O] and d loss / d (a C) [B,O].</summary>
    private (double Loss, MatrixView Outputs, MatrixView Units) Decode(MatrixView x, CodesView codes, Tensor y, Tensor target)
    {
        MatrixView vectors = decoder.UnitVectors.Value.View();
        long size = (long)x.Rows * vectors.Columns;
        float* m = sums.Ensure(size), dy = outputGradients.Ensure(size), s = null;
        ExpertSum.Forward(codes, vectors, m, workers);
        if (hidden is not null) hidden.Forward(x, s = shared.Ensure(size));
        if (skip is null) y.zero_();
        else product.Multiply(x, skip.Weights.Value.View().Transposed, y.Floats());
        double value = loss.Differentiate(m, s, decoder.OutputBias.Value.Floats(), y.Floats(), target.Floats(), dy, x.Rows, vectors.Columns);
        var outputs = new MatrixView(dy, x.Rows, vectors.Columns);
        return (value, outputs, s is null ? outputs : new MatrixView(s, x.Rows, vectors.Columns));
    }

    private void Backward(MatrixView x, CodesView codes, MatrixView outputs, MatrixView units)
    {
        RowNorms.SumColumns(outputs.Data, outputs.Rows, outputs.Columns, decoder.OutputBias.Overwrite().Floats(), workers);
        if (skip is not null) product.Multiply(outputs.Transposed, x, skip.Weights.Overwrite().Floats());
        hidden?.Backward(x, new MatrixView(sums.Ensure(outputs.Rows), outputs.Rows, outputs.Columns));
        float* da = codeGradients.Ensure((long)x.Rows * k);
        ExpertSum.CodeGradient(codes, decoder.UnitVectors.Value.View(), units.Data, da, workers);
        decoder.UnitVectors.SetGradient(new UnitGradient(entries, codes.Coefficients, units));
        encoder.Weights.SetGradient(new UnitGradient(entries, da, x));
        Tensor bias = encoder.Bias.Overwrite();
        entries.Sum(da, bias.Floats());
        // An autoencoder's one bias is taken from the input and added to the output.
        if (encoder.InputBias is not null) decoder.OutputBias.Gradient.sub_(matmul(bias, encoder.Weights.Value));
    }
}
