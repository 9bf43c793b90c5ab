using Mxd.LanguageModels;
using static TorchSharp.torch;

namespace Mxd.Activations;

/// <summary>
/// Activations of contexts by their place in a run's order, with the time they took: computed by a language model
/// (<see cref="ActivationSource"/>) or read from disk (<see cref="StoredActivations"/>). Several threads may ask.
/// </summary>
public interface IActivationSource
{
    IReadOnlyList<HookPoint> Points { get; }

    /// <summary>Values a row.</summary>
    long Width { get; }

    ScalarType Dtype { get; }

    /// <summary>Tokens a context.</summary>
    int ContextLength { get; }

    /// <summary>Tokens given so far, each counted once however many points are read.</summary>
    long Tokens { get; }

    /// <summary>Time they took so far.</summary>
    TimeSpan Elapsed { get; }

    /// <summary>Activations of the contexts at ordinals first to first + count - 1, in that order: count · context rows, on the CPU.</summary>
    ActivationRows Harvest(long first, int count);
}
