namespace Mxd.Training;

/// <summary>What a run has still to do, in tokens.</summary>
/// <param name="Harvest">Through the language model, held-out ones included.</param>
/// <param name="Training">In training steps.</param>
/// <param name="Measured">On which the layer is measured, each as often as that is done.</param>
internal sealed record RemainingWork(long Harvest, long Training, long Measured)
{
    public static RemainingWork Of(TrainOptions o, string? checkpoint, long heldOut)
    {
        CheckpointHeader? header = checkpoint is null ? null : CheckpointFile.ReadHeader(checkpoint);
        long step = header?.Step ?? 0;
        long again = header is null || CheckpointFile.HoldsRows(checkpoint!, [o.InputHook, o.OutputHook]) ? 0 : header.Batches.Sum(batch => (long)batch.Count);
        long contexts = Math.Max(0, o.Contexts - (header?.NextContext ?? 0)) + again + heldOut;
        return new RemainingWork(contexts * o.Context, Math.Max(0, o.Steps - step) * o.Batch, Measurements(o.Steps, o.LogEvery, step) * heldOut * o.Context);
    }

    /// <summary>How often the layer is measured from a step on: after the first step, every so many, and after the last.</summary>
    internal static long Measurements(long steps, long every, long step) =>
        steps / every - step / every + (step == 0 && every > 1 && steps > 1 ? 1 : 0) + (steps % every == 0 && steps > step ? 0 : 1);
}
