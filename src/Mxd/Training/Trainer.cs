using Mxd.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Training;

/// <summary>What one training step observed, before its update.</summary>
/// <param name="Loss">Terms of the loss on the batch.</param>
/// <param name="L0">Mean number of active units a token.</param>
/// <param name="LearningRate">The rate the update used.</param>
public sealed record StepResult(LossTerms Loss, double L0, double LearningRate);

/// <summary>Turns a layer into a trained one, a batch at a time. It knows no files, no logs and no language model.</summary>
public sealed class Trainer : IDisposable
{
    private readonly LearningRateSchedule schedule;

    public Trainer(ILayer layer, LearningRateSchedule schedule)
    {
        Layer = layer;
        this.schedule = schedule;
        foreach (Parameter parameter in layer.Parameters) parameter.AllocateGradient();
        Optimizer = new AdamW(layer.Parameters);
        Firings = zeros(layer.Options.Units, dtype: ScalarType.Int64, device: layer.UnitDecoder.Value.device).DetachFromDisposeScope();
    }

    public ILayer Layer { get; }

    public AdamW Optimizer { get; }

    /// <summary>Tokens on which each unit was active since the count was last set to zero, int64 [units].</summary>
    public Tensor Firings { get; }

    /// <summary>
    /// One update on x [B,I] and target [B,O]. With unit norm the decoder vectors are rescaled first, and the part of their gradient
    /// along themselves is dropped, so that the update turns them and does not lengthen them.
    /// </summary>
    public StepResult Step(Tensor x, Tensor target)
    {
        using DisposeScope scope = NewDisposeScope();
        Parameter decoder = Layer.UnitDecoder;
        if (Layer.Options.UnitNorm) UnitRows.Normalise(decoder.Value);
        TrainingPass pass = Layer.Differentiate(x, target);
        if (Layer.Options.UnitNorm) UnitRows.RemoveParallel(decoder.Gradient, decoder.Value);
        double learningRate = schedule.At(Optimizer.Steps);
        Optimizer.Step(learningRate);
        pass.Codes.CountFirings(Firings);
        double l0 = pass.Codes.ActiveCounts().to(ScalarType.Float64).mean().ToDouble();
        return new StepResult(pass.Loss, l0, learningRate);
    }

    public void Dispose()
    {
        Optimizer.Dispose();
        Firings.Dispose();
    }
}
