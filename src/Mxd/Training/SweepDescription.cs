using System.Text.Json.Serialization;
using Mxd.Formats;
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
/// <param name="Lengthened">When it was made longer; absent where it never was.</param>
public sealed record SweepConfiguration(
    string Name, TrainOptions Options, SweepState State = SweepState.Unfinished, string? Failure = null, IReadOnlyList<Lengthening>? Lengthened = null);

/// <summary>A run was made longer. Its buffer may have drained towards the earlier end, so that its batches from there on are not those of a run that was to be as long from the start.</summary>
/// <param name="Step">Updates it had made.</param>
/// <param name="Steps">Updates it was to make before.</param>
public sealed record Lengthening(long Step, long Steps);

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

    /// <summary>What in it cannot be, where it was read from a file: names become paths that are written to. Null where nothing is wrong.</summary>
    internal string? Problem()
    {
        if (Configurations.Count == 0) return "it has no configurations";
        HashSet<string> names = new(StringComparer.OrdinalIgnoreCase);
        Dictionary<string, string> optioned = [];
        foreach (SweepConfiguration? c in Configurations)
        {
            if (c is null) return "a configuration is null";
            if (!IsFolderName(c.Name)) return $"{Shown.Name(c.Name)} is not the name of a folder in it";
            if (!names.Add(c.Name)) return $"two configurations have the name {Shown.Name(c.Name)}";
            if (!optioned.TryAdd(SweepCheck.Key(c.Options), c.Name)) return $"{optioned[SweepCheck.Key(c.Options)]} and {c.Name} have the same options";
        }
        return null;
    }

    private static bool IsFolderName(string name) =>
        name.Length > 0 && name[0] != '.' && name == Path.GetFileName(name) && name.IndexOfAny(['/', '\\', '\0']) < 0;
}
