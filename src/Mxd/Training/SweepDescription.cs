using System.Text.Json.Serialization;
using Mxd.LanguageModels;
using Mxd.Runtime;

namespace Mxd.Training;

/// <summary>How far a configuration of a sweep is.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SweepState>))]
public enum SweepState
{
    /// <summary>Not at its end: not begun, in training, or stopped.</summary>
    [JsonStringEnumMemberName("unfinished")]
    Unfinished,

    /// <summary>Trained to its end.</summary>
    [JsonStringEnumMemberName("trained")]
    Trained,

    /// <summary>Its loss, or a weight, became something that is not a number.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,
}

/// <summary>A configuration of a sweep.</summary>
/// <param name="Name">Of its run folder, within the sweep's.</param>
/// <param name="Options">As the run has them.</param>
/// <param name="State">How far it is.</param>
/// <param name="Failure">Why it failed, a line; absent where it did not.</param>
public sealed record SweepConfiguration(string Name, TrainOptions Options, SweepState State = SweepState.Unfinished, string? Failure = null);

/// <summary>sweep.json: what was asked, and how far it is.</summary>
/// <param name="Version">Version of mxd that began the sweep.</param>
/// <param name="Asked">The lists, and what all configurations share.</param>
/// <param name="Model">The language model.</param>
/// <param name="Data">The text.</param>
/// <param name="Configurations">Each with its folder.</param>
/// <param name="Machine">What it began on.</param>
public sealed record SweepDescription(
    string Version, SweepOptions Asked, ModelIdentity Model, DataDescription Data, IReadOnlyList<SweepConfiguration> Configurations, Machine Machine)
{
    public SweepDescription With(string name, SweepState state, string? failure = null) => this with
    {
        Configurations = [.. Configurations.Select(c => c.Name == name ? c with { State = state, Failure = failure } : c)],
    };
}
