using Mxd.Kernels;
using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>
/// Every type that has units: an encoder gives each an activation, a <see cref="Sparsity"/> chooses among them, a decoder turns the chosen
/// into the output, and some add a term linear in the input. <see cref="Mixtures"/> and <see cref="Dictionaries"/> say what the parts are.
/// </summary>
internal sealed class SparseLayer : ILayer
{
    private readonly UnitEncoder encoder;
    private readonly IDecoder decoder;
    private readonly SkipConnection? skip;
    private readonly Parameter? threshold;
    private readonly InputNormalisation undone;
    private readonly FastStep? fast;
    private TiledStep? tiled;

    public SparseLayer(LayerOptions options, IReadOnlyList<Parameter> parameters, UnitEncoder encoder, IDecoder decoder)
    {
        Options = options;
        Parameters = parameters;
        this.encoder = encoder;
        this.decoder = decoder;
        var set = new ParameterSet(parameters);
        skip = SkipConnection.Find(set);
        threshold = set.Find(Sparsity.ThresholdKey);
        fast = FastStep.For(options, encoder, decoder, skip);
        CutInto(new Tiles());
        undone = LayerTypes.Find(options.Type) is { IsAutoencoder: true } ? options.Normalisation : InputNormalisation.None;
    }

    public LayerOptions Options { get; }

    public IReadOnlyList<Parameter> Parameters { get; }

    public Parameter UnitDecoder => decoder.UnitVectors;

    private Sparsity Sparsity => Options.Sparsity!;

    private bool IsPlain => Options is { RescaleByDecoderNorm: false, Normalisation: InputNormalisation.None };

    public SparseCodes Encode(Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        if (tiled is not null && TiledStep.Takes(x) && !NeedsAutograd(x))
            return tiled.Encode(Normaliser.Apply(Options.Normalisation, x), Scales()).MoveToOuterDisposeScope();
        if (fast is not null && IsPlain && fast.Takes(x) && !NeedsAutograd(x) && fast.Encode(x) is { } codes) return codes.MoveToOuterDisposeScope();
        UnitEncoder.Pass encoded = EncodeUnits(x);
        return Sparsity.Select(encoded.PreActivations, encoded.Activations, threshold?.Value).MoveToOuterDisposeScope();
    }

    public Tensor Decode(SparseCodes codes, Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        return Output(DecodeUnits(codes, x), x).MoveToOuterDisposeScope();
    }

    public UnitOutputs OutputsOfUnits(Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor vectors = UnitDecoder.Value;
        Tensor rows = Options.RescaleByDecoderNorm ? vectors / Divisors().unsqueeze(1) : vectors.alias();
        Tensor? shared = decoder.Shared(x), normalised = Normaliser.UndoneScale(undone, x);
        Tensor? scale = shared is not null && normalised is not null ? shared * normalised : shared ?? normalised;
        return new UnitOutputs(rows.MoveToOuterDisposeScope(), scale?.MoveToOuterDisposeScope());
    }

    public ReadablePass Losses(TrainingBatch batch)
    {
        UnitEncoder.Pass encoded = EncodeUnits(batch.Inputs);
        SparseCodes codes = Sparsity.SelectInTraining(encoded.PreActivations, encoded.Activations, threshold?.Value);
        DecoderPass decoded = DecodeUnits(codes, batch.Inputs);
        Tensor y = Output(decoded, batch.Inputs);
        var loss = new ReadableLoss(NormScaledMse.Of(y, batch.Targets));
        loss = Sparsity.Penalise(loss, codes, encoded.PreActivations, FreeNorms(), threshold?.Value);
        if (Options.AuxK is { } aux && batch.DeadUnits is not null)
            loss = loss with { AuxK = aux.Of(encoded, decoded, UnitDecoder, batch.Targets, y, batch.DeadUnits) };
        Sparsity.Observe(codes, threshold?.Value);
        return new ReadablePass(codes, y, loss);
    }

    public TrainingPass Differentiate(TrainingBatch batch)
    {
        // Formulas that only imported layers have are differentiated by torch, on every device.
        if (!IsPlain) return Autograd.Differentiate(this, batch);
        if (tiled is not null && (TiledStep.Takes(batch.Inputs) || IsAuxiliary(batch))) return tiled.Differentiate(batch);
        if (fast is not null && fast.Takes(batch)) return fast.Differentiate(batch);
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        UnitEncoder.Pass encoded = encoder.Forward(batch.Inputs);
        SparseCodes codes = Sparsity.SelectInTraining(encoded.PreActivations, encoded.Activations, threshold?.Value);
        Tensor a = codes.ToDense();
        DecoderPass decoded = decoder.Forward(matmul(a, UnitDecoder.Value), batch.Inputs);
        Tensor y = skip is null ? decoded.Output : decoded.Output.add(skip.Forward(batch.Inputs), One);
        NormScaledMse.Result loss = NormScaledMse.Differentiate(y, batch.Targets);

        skip?.Backward(batch.Inputs, loss.OutputGradient);
        Tensor sumGradient = decoder.Backward(decoded, batch.Inputs, loss.OutputGradient);
        UnitDecoder.SetGradient(matmul(a.t(), sumGradient));
        Tensor codeGradient = matmul(sumGradient, UnitDecoder.Value.t());
        PenaltyTerms penalty = Sparsity.Backward(
            new SparsityPass(codes, encoded.PreActivations, UnitDecoder, !Options.UnitNorm, threshold), codeGradient);
        (double Loss, Tensor Gradient)? aux = Options.AuxK is { } term && batch.DeadUnits is not null
            ? term.Backward(encoded, decoded, UnitDecoder, batch.Targets, y, batch.DeadUnits)
            : null;
        Tensor? inputBias = encoder.Backward(encoded, codes, codeGradient, aux?.Gradient);
        // An autoencoder's one bias is taken from the input and added to the output.
        if (inputBias is not null) decoder.OutputBias.Gradient.add_(inputBias, One);
        Sparsity.Observe(codes, threshold?.Value);

        var terms = new LossTerms(loss.Loss.ToDouble(), penalty.L1, penalty.L0, aux?.Loss);
        return new TrainingPass(terms, codes.MoveToOuterDisposeScope(), y.MoveToOuterDisposeScope());
    }

    public void Dispose()
    {
        foreach (Parameter parameter in Parameters) parameter.Dispose();
        fast?.Dispose();
    }

    /// <summary>The way its training steps take on a device; on a CPU, those in which units are dead under AuxK take tiles instead of kernels.</summary>
    internal ComputeWay Way(Device device)
    {
        bool isCpu = device.type == DeviceType.CPU;
        if (!IsPlain) return ComputeWay.Readable;
        if (tiled is not null && ComputePath.UsesTiles(isCpu)) return ComputeWay.Tiled;
        return fast is not null && isCpu && ComputePath.UsesKernels ? ComputeWay.Fast : ComputeWay.Readable;
    }

    /// <summary>Sets the sizes with which <see cref="TiledStep"/> works where this layer uses it.</summary>
    internal void CutInto(Tiles tiles) =>
        tiled = Sparsity is Sparsity.TopK topK ? new TiledStep(Options, encoder, decoder, skip, topK.K, tiles) : null;

    private UnitEncoder.Pass EncodeUnits(Tensor x) => encoder.Forward(Normaliser.Apply(Options.Normalisation, x), Scales());

    private DecoderPass DecodeUnits(SparseCodes codes, Tensor x)
    {
        if (Options.RescaleByDecoderNorm)
        {
            codes = codes.With(codes.Values / codes.Gather(Divisors().expand(codes.Values.shape[0], codes.Units)));
        }
        return decoder.Forward(codes is TopKCodes chosen && !NeedsAutograd(x) && !NeedsAutograd(codes.Values) ? Sum(chosen, x) : DenseSum(codes), x);
    }

    /// <summary>a C, [B,O].</summary>
    private Tensor Sum(TopKCodes codes, Tensor x) =>
        tiled is not null && TiledStep.Takes(x) ? tiled.Sum(codes)
        : fast is not null && fast.Takes(x) && FastStep.Takes(codes) ? fast.Sum(codes)
        : DenseSum(codes);

    private Tensor DenseSum(SparseCodes codes) => matmul(codes.ToDense(), UnitDecoder.Value);

    /// <summary>Kernels do not know the auxiliary loss; tiles touch K rows a token too.</summary>
    private static bool IsAuxiliary(TrainingBatch batch) => batch.DeadUnits is not null && ComputePath.UsesKernels;

    /// <summary>Autograd would keep every tile, and nothing would be gained by them.</summary>
    private bool NeedsAutograd(Tensor given) => is_grad_enabled() && (given.requires_grad || Parameters.Any(p => p.Value.requires_grad));

    private Tensor? Scales() => Options.RescaleByDecoderNorm ? Norms() : null;

    private Tensor Output(DecoderPass decoded, Tensor x)
    {
        Tensor y = Normaliser.Undo(undone, decoded.Output, x);
        return skip is null ? y : y.add(skip.Forward(x), One);
    }

    private Tensor Norms() => linalg.vector_norm(UnitDecoder.Value, 2, [1]);

    /// <summary>A vector of zeros adds nothing, whatever it is multiplied by; 0/0 would spoil every token.</summary>
    private Tensor Divisors()
    {
        Tensor norms = Norms();
        return norms.masked_fill(norms == Zero, One);
    }

    private Tensor? FreeNorms() => Options.UnitNorm ? null : Norms();
}
