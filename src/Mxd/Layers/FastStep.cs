using Mxd.Kernels;
using Mxd.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>
/// Encoding, decoding, and the forward and backward pass of a <see cref="SparseLayer"/> with TopK, by kernels for CPUs: the gate's product is the
/// only work that grows with N; decoding and all gradients of units touch the K chosen rows of a token, and are summed unit by unit only when they
/// are used (<see cref="Parameter.UnitGradient"/>). The equations are those of <see cref="SparseLayer.Differentiate"/>, against which it is tested.
/// </summary>
internal sealed unsafe class FastStep : IDisposable
{
    /// <summary>A K beyond this is hardly sparse.</summary>
    private const int LargestK = 4096;

    private const int FewestEncoded = 64;

    private readonly FastEncoder encoder;
    private readonly Parameter weights;
    private readonly Parameter? inputBias;
    private readonly IDecoder decoder;
    private readonly SkipConnection? skip;
    private readonly int k;
    private readonly Workers workers = Workers.Shared;
    private readonly Dictionary<Precision, StepProducts> products = [];
    private readonly FastHidden? hidden;
    private readonly LossKernel loss;
    private readonly UnitEntries entries = new();
    private readonly NativeBuffer<float> inputs = new(), sums = new(), shared = new(), outputGradients = new(), codeGradients = new();
    private readonly ReusedTensor output = new(ScalarType.Float32), chosenUnits = new(ScalarType.Int64), coefficients = new(ScalarType.Float32);

    private FastStep(UnitEncoder encoder, IDecoder decoder, SkipConnection? skip, int k)
    {
        (weights, inputBias, this.decoder, this.skip, this.k) = (encoder.Weights, encoder.InputBias, decoder, skip, k);
        this.encoder = new FastEncoder(encoder, k, workers);
        loss = new LossKernel(workers);
        hidden = decoder is MixtureDecoder mixture ? new FastHidden(mixture.Hidden, workers) : null;
    }

    /// <summary>Null where the layer's formula is another.</summary>
    public static FastStep? For(LayerOptions options, UnitEncoder encoder, IDecoder decoder, SkipConnection? skip) =>
        options.Sparsity is Sparsity.TopK { K: <= LargestK } topK && HiddenUnits.Find(encoder.Activation.Name) is not null && HasKernels(decoder)
            ? new FastStep(encoder, decoder, skip, topK.K)
            : null;

    private static bool HasKernels(IDecoder decoder) => decoder switch
    {
        DictionaryDecoder => true,
        MixtureDecoder mixture => HiddenUnits.Find(mixture.Hidden.Activation.Name) is not null,
        _ => false,
    };

    /// <summary>Can, and should, this batch be done here? Kernels know no shapes: one that does not fit is left to torch to refuse.</summary>
    public bool Takes(TrainingBatch batch) =>
        ComputePath.UsesKernels && batch.DeadUnits is null && weights.Value.IsPlain()
        && batch.Inputs.device_type == DeviceType.CPU && batch.Inputs.dtype == ScalarType.Float32 && batch.Targets.dtype == ScalarType.Float32
        && batch.Inputs.shape is [var tokens, var width] && width == weights.Value.shape[1] && tokens * k < int.MaxValue
        && batch.Targets.shape.AsSpan().SequenceEqual([tokens, decoder.UnitVectors.Value.shape[1]]);

    /// <summary>Can, and should, these be encoded here? Of few tokens a tile would be hardly filled.</summary>
    public bool Takes(Tensor x) =>
        ComputePath.UsesKernels && weights.Value.IsPlain() && x.IsPlain() && x.shape is [>= FewestEncoded, var width] && width == weights.Value.shape[1];

    /// <summary>Can these be decoded here?</summary>
    public static bool Takes(TopKCodes codes) => codes.Values.dtype == ScalarType.Float32 && codes.Values.shape is [_, <= LargestK] && codes.Indices.shape.AsSpan().SequenceEqual(codes.Values.shape);

    /// <summary>The codes of x [B,I]; null where a value is not a number.</summary>
    public TopKCodes? Encode(Tensor x)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor input = inputBias is null ? x : x - inputBias.Value;
        Tensor chosen = empty(x.shape[0], k, dtype: ScalarType.Int64), values = empty(x.shape[0], k);
        return encoder.TryEncode(Products(Precision.Full).Gate, input.View(), x, chosen, values)?.MoveToOuterDisposeScope() as TopKCodes;
    }

    /// <summary>a C, [B,O].</summary>
    public Tensor Sum(TopKCodes codes)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor indices = codes.Indices.contiguous(), values = codes.Values.contiguous(), vectors = decoder.UnitVectors.Value, sum = empty(indices.shape[0], vectors.shape[1]);
        if (indices.numel() > 0 && (indices.min().ToInt64() < 0 || indices.max().ToInt64() >= vectors.shape[0]))
            throw new ArgumentOutOfRangeException(nameof(codes), $"There are units below 0 or beyond the layer's {vectors.shape[0]}.");
        var view = new CodesView((long*)Formats.TensorMemory.Start(indices), values.Floats(), (int)indices.shape[0], (int)indices.shape[1]);
        ExpertSum.Forward(view, vectors.View(), sum.Floats(), workers);
        GC.KeepAlive(indices);
        GC.KeepAlive(values);
        return sum.MoveToOuterDisposeScope();
    }

    /// <exception cref="NotFiniteNumberException">A pre-activation is not a number.</exception>
    public TrainingPass Differentiate(TrainingBatch batch)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor inputTensor = batch.Inputs.contiguous(), target = batch.Targets.contiguous();
        StepProducts used = Products(batch.Precision);
        ForgetGradients();
        MatrixView x = Keep(inputTensor);
        // Gradients that are computed later read the codes too.
        TopKCodes codes = encoder.TryEncode(used.Gate, x, inputTensor, chosenUnits.Ensure(x.Rows, k), coefficients.Ensure(x.Rows, k))
            ?? throw new NotFiniteNumberException("The loss became NaN.", double.NaN);
        CodesView view = TurnedRound(codes);

        Tensor y = output.Ensure(x.Rows, decoder.UnitVectors.Value.shape[1]);
        (double value, MatrixView outputs, MatrixView units) = Decode(used.Product, x, view, y, target);
        Backward(used.Product, x, view, outputs, units);
        GC.KeepAlive(target);
        var seen = new TopKCodes(codes.Indices.alias(), codes.Values.alias(), codes.Units);
        return new TrainingPass(new LossTerms(value), seen.MoveToOuterDisposeScope(), y.alias().MoveToOuterDisposeScope());
    }

    public void Dispose()
    {
        foreach (StepProducts used in products.Values) used.Dispose();
        encoder.Dispose();
        hidden?.Dispose();
        loss.Dispose();
        entries.Dispose();
        foreach (ReusedTensor reused in new[] { output, chosenUnits, coefficients }) reused.Dispose();
        foreach (NativeBuffer<float> buffer in new[] { inputs, sums, shared, outputGradients, codeGradients }) buffer.Dispose();
    }

    /// <summary>Those of the step before read memory that is about to be written.</summary>
    private void ForgetGradients()
    {
        foreach (Parameter parameter in encoder.UnitParameters.Append(decoder.UnitVectors))
            if (parameter.UnitGradient is not null) parameter.ForgetUnitGradient();
    }

    private StepProducts Products(Precision precision)
    {
        if (!Bfloat16.IsFast) precision = Precision.Full;
        if (!products.TryGetValue(precision, out StepProducts? used)) products.Add(precision, used = StepProducts.Create(precision, k, encoder.Activation, workers));
        return used;
    }

    /// <summary>x - b_in in memory of our own: gradients that are computed later read it when the batch may be gone.</summary>
    private MatrixView Keep(Tensor x)
    {
        var kept = new MatrixView(inputs.Ensure(x.numel()), (int)x.shape[0], (int)x.shape[1]);
        float* from = x.Floats(), bias = inputBias is { } b ? b.Value.Floats() : null;
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

    /// <summary>As kernels read them; and by unit, in <see cref="entries"/>.</summary>
    private CodesView TurnedRound(TopKCodes codes)
    {
        var view = new CodesView((long*)Formats.TensorMemory.Start(codes.Indices), codes.Values.Floats(), (int)codes.Indices.shape[0], k);
        entries.Build(view.Indices, view.Coefficients, view.Tokens, k, (int)codes.Units);
        return view;
    }

    /// <summary>The loss, d loss / d y [B,O] and d loss / d (a C) [B,O].</summary>
    private (double Loss, MatrixView Outputs, MatrixView Units) Decode(MatrixProduct product, MatrixView x, CodesView codes, Tensor y, Tensor target)
    {
        MatrixView vectors = decoder.UnitVectors.Value.View();
        long size = (long)x.Rows * vectors.Columns;
        float* m = sums.Ensure(size), dy = outputGradients.Ensure(size), s = null;
        ExpertSum.Forward(codes, vectors, m, workers);
        if (hidden is not null) hidden.Forward(product, x, s = shared.Ensure(size));
        if (skip is null) y.zero_();
        else product.Multiply(x, skip.Weights.Value.View().Transposed, y.Floats());
        double value = loss.Differentiate(m, s, decoder.OutputBias.Value.Floats(), y.Floats(), target.Floats(), dy, x.Rows, vectors.Columns);
        var outputs = new MatrixView(dy, x.Rows, vectors.Columns);
        return (value, outputs, s is null ? outputs : new MatrixView(s, x.Rows, vectors.Columns));
    }

    private void Backward(MatrixProduct product, MatrixView x, CodesView codes, MatrixView outputs, MatrixView units)
    {
        RowNorms.SumColumns(outputs.Data, outputs.Rows, outputs.Columns, decoder.OutputBias.Overwrite().Floats(), workers);
        if (skip is not null) product.Multiply(outputs.Transposed, x, skip.Weights.Overwrite().Floats());
        hidden?.Backward(product, x, new MatrixView(sums.Ensure(outputs.Rows), outputs.Rows, outputs.Columns));
        float* da = codeGradients.Ensure((long)x.Rows * k);
        ExpertSum.CodeGradient(codes, decoder.UnitVectors.Value.View(), units.Data, da, workers);
        decoder.UnitVectors.SetGradient(new UnitGradient(entries, codes.Coefficients, units));
        encoder.Backward(x, codes, entries, da, decoder.OutputBias);
    }
}
