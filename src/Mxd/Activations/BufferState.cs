using static TorchSharp.torch;

namespace Mxd.Activations;

/// <summary>A half-open range of context ordinals that went through the language model together.</summary>
public readonly record struct HarvestedBatch(long First, int Count);

/// <summary>
/// Where an <see cref="ActivationBuffer"/> stands: enough to go on bit for bit.
/// </summary>
/// <param name="NextContext">Ordinal of the first context not yet harvested.</param>
/// <param name="Refills">Refills so far; names the next shuffle.</param>
/// <param name="Slots">Slots still to be served, int64 [live], in serving order.</param>
/// <param name="Sources">Where each of them came from, int64 [live]: context ordinal · context length + position.</param>
/// <param name="Batches">The harvest batches they came from.</param>
/// <param name="HalfLine">Slots to be left when the next refill is due.</param>
/// <param name="Rows">The whole pool's activations by slot; null where nothing is left to serve, or where they are to be harvested again.</param>
public sealed record BufferState(
    long NextContext,
    long Refills,
    Tensor Slots,
    Tensor Sources,
    IReadOnlyList<HarvestedBatch> Batches,
    long HalfLine,
    ActivationRows? Rows) : IDisposable
{
    public void Dispose()
    {
        Slots.Dispose();
        Sources.Dispose();
        Rows?.Dispose();
    }
}
