using Mxd.Kernels;
using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>
/// A <see cref="SparseLayer"/> with TopK through torch operations that hold no [B,N] tensor: what other devices than CPUs use in training and in
/// evaluation. The encoder's product is done tile by tile (<see cref="TiledEncoder"/>); decoding and all gradients of units touch the K chosen rows of
/// a token (<see cref="ChosenRows"/>). The equations are those of <see cref="SparseLayer.Differentiate"/>, against which it is tested. Gradients of matrices
/// with a row a unit are held whole, zeros where a unit is active nowhere.
/// </summary>
internal sealed class TiledStep
{
    private readonly LayerOptions options;
    private readonly IDecoder decoder;
    private readonly SkipConnection? skip;
    private readonly TiledEncoder tiled;
    private readonly ChosenRows rows;

    public TiledStep(LayerOptions options, UnitEncoder encoder, IDecoder decoder, SkipConnection? skip, int k, Tiles tiles)
    {
        (this.options, this.decoder, this.skip) = (options, decoder, skip);
        tiled = new TiledEncoder(encoder, k, tiles);
        rows = new ChosenRows(tiles);
    }

    /// <summary>Is this the way for tensors of that device?</summary>
    public static bool Takes(Tensor x) => ComputePath.UsesTiles(isCpu: x.device_type == DeviceType.CPU);

    /// <param name="x">As the encoder takes it, [B,I].</param>
    /// <param name="scales">As in <see cref="UnitEncoder.Forward"/>.</param>
    public SparseCodes Encode(Tensor x, Tensor? scales)
    {
        using DisposeScope scope = NewDisposeScope();
        return tiled.Forward(x, scales).Codes.MoveToOuterDisposeScope();
    }

    /// <summary>a C, [B,O].</summary>
    public Tensor Sum(TopKCodes codes) => rows.Sum(codes, decoder.UnitVectors.Value);

    public TrainingPass Differentiate(TrainingBatch batch)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        TiledEncoder.Pass encoded = tiled.Forward(batch.Inputs, dead: Dead(batch));
        DecoderPass decoded = decoder.Forward(Sum(encoded.Codes), batch.Inputs);
        Tensor y = skip is null ? decoded.Output : decoded.Output.add(skip.Forward(batch.Inputs), One);
        NormScaledMse.Result loss = NormScaledMse.Differentiate(y, batch.Targets);

        skip?.Backward(batch.Inputs, loss.OutputGradient);
        Tensor sumGradient = decoder.Backward(decoded, batch.Inputs, loss.OutputGradient), vectors = decoder.UnitVectors.Value;
        rows.AddTo(decoder.UnitVectors.Overwrite().zero_(), encoded.Codes.Indices, encoded.Codes.Values, sumGradient);
        Tensor codeGradient = rows.Dot(encoded.Codes.Indices, sumGradient, vectors);
        (double Loss, Tensor Gradient)? aux = encoded.Dead is null ? null : DifferentiateAux(encoded.Dead, decoded, batch.Targets, y);
        Tensor? inputBias = tiled.Backward(encoded, codeGradient, aux?.Gradient);
        // An autoencoder's one bias is taken from the input and added to the output.
        if (inputBias is not null) decoder.OutputBias.Gradient.add_(inputBias, One);

        var terms = new LossTerms(loss.Loss.ToDouble(), AuxK: aux?.Loss);
        return new TrainingPass(terms, encoded.Codes.MoveToOuterDisposeScope(), y.MoveToOuterDisposeScope());
    }

    private TiledEncoder.DeadUnits? Dead(TrainingBatch batch) =>
        options.AuxK is { } aux && batch.DeadUnits is { } dead ? new TiledEncoder.DeadUnits(dead, aux.Active(dead)) : null;

    /// <summary>The auxiliary loss and its gradient of the dead units' p, [B,K']; that of their decoder vectors is added to theirs.</summary>
    private (double Loss, Tensor Gradient) DifferentiateAux(Candidates dead, DecoderPass decoded, Tensor target, Tensor y)
    {
        Parameter vectors = decoder.UnitVectors;
        Tensor a = dead.Factor is { } factor ? dead.PreActivations * factor : dead.PreActivations;
        var codes = new TopKCodes(dead.Numbers(), a, vectors.Value.shape[0]);
        (double loss, Tensor gradient) = options.AuxK!.Differentiate(Sum(codes), decoded, target, y);
        rows.AddTo(vectors.Gradient, codes.Indices, a, gradient);
        Tensor passed = rows.Dot(codes.Indices, gradient, vectors.Value);
        return (loss, dead.Factor is { } glu ? passed * glu : passed);
    }
}
