using System.Diagnostics;

namespace Mxd.Training;

/// <summary>How a <see cref="SharedRun"/> goes about its work; what it computes does not depend on it.</summary>
public sealed record SharedRunSettings
{
    /// <summary>Is the language model the caller's still, to be used again?</summary>
    public bool LeavesModel { get; init; }

    /// <summary>Run the language model beside training? <see cref="Activations.HarvestPolicy"/> decides where null.</summary>
    public bool? HarvestsAhead { get; init; }

    /// <summary>What was expected of this sitting; results keep it.</summary>
    public RunEstimate? Expected { get; init; }

    /// <summary>What the training is called in progress.</summary>
    public string Phase { get; init; } = "Training";

    /// <summary>Training tokens of other passes, all configurations together, that were done before, and that are still to come.</summary>
    public (long Before, long After) OtherTokens { get; init; }

    /// <summary>Runs since the sitting began.</summary>
    internal Stopwatch Clock { get; init; } = Stopwatch.StartNew();

    /// <summary>Were the folders entered, and descriptions written, by the caller?</summary>
    internal bool HasEntered { get; init; }
}
