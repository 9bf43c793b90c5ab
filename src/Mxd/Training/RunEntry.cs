namespace Mxd.Training;

/// <summary>A run that is trained beside others: see <see cref="SharedRun"/>.</summary>
/// <param name="Folder">Where it is kept.</param>
/// <param name="Description">What it is.</param>
/// <param name="Checkpoint">What it goes on from; null for one that begins.</param>
public sealed record RunEntry(RunFolder Folder, RunDescription Description, string? Checkpoint = null)
{
    public TrainOptions Options => Description.Options;

    /// <summary>As people know it.</summary>
    public string Name => Path.GetFileName(Folder.Path);
}

/// <summary>How a run ended.</summary>
/// <param name="Folder">Where it is kept.</param>
/// <param name="Result">What it reports; null where it failed.</param>
/// <param name="Failure">Why it did not come to its end, a line; null where it did.</param>
public sealed record RunOutcome(RunFolder Folder, TrainResult? Result, string? Failure);
