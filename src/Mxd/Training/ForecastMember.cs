using Mxd.Layers;

namespace Mxd.Training;

/// <summary>A configuration whose speed is to be measured, and what it has still to do.</summary>
internal sealed record ForecastMember(TrainOptions Options, LayerOptions Layer, RemainingWork Work)
{
    /// <summary>Two with the same answer take the same time a token.</summary>
    public (LayerOptions, string, long) Kind => (Layer, Options.Precision, Options.Batch);

    /// <summary>Floating-point operations of a training step a token, by which the time of a kind that was not measured is judged.</summary>
    public long Flops => LayerCost.Of(Layer, Options.Batch).TrainingFlops.Sparse;
}
