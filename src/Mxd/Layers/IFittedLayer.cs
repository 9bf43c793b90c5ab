using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>A layer that is solved for from sums over the batches instead of being moved along gradients.</summary>
public interface IFittedLayer
{
    /// <summary>The sums so far, which a checkpoint must hold, by name.</summary>
    IReadOnlyList<(string Key, Tensor Value)> Sums { get; }

    /// <summary>Takes a batch in, and returns what the weights before it gave.</summary>
    TrainingPass Fit(TrainingBatch batch);
}
