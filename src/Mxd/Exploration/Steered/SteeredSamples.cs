using System.Text.Json.Serialization;

namespace Mxd.Exploration.Steered;

/// <summary>A continuation of the prompt.</summary>
/// <param name="Text">What follows it.</param>
/// <param name="Perplexity">exp of the mean loss of its tokens under the language model as it is, without a layer in place; not a number where it has none.</param>
public sealed record SteeredSample(string Text, double Perplexity);

/// <summary>Units that were steered, and what the model then said: an entry of <c>mxd steer --json</c>.</summary>
/// <param name="Units">The units: one, or several at once.</param>
/// <param name="Coefficients">What was added to each.</param>
/// <param name="Why">Why it was chosen, where that is more than its number.</param>
/// <param name="Divergence">KL(steered ‖ not) of the prediction that follows the prompt, in nats; both with the layer in place.</param>
/// <param name="Perplexity">Mean of the samples' perplexities.</param>
/// <param name="Samples">The continuations; none where the model could not be continued.</param>
/// <param name="Failure">Why it could not; absent where it could.</param>
/// <param name="Layers">The language model's layer of each unit; absent where only one layer is in place.</param>
public sealed record SteeredUnits(
    [property: JsonPropertyName("units")] IReadOnlyList<int> Units, IReadOnlyList<double> Coefficients, string? Why, [property: JsonPropertyName("kl")] double Divergence, double Perplexity, IReadOnlyList<SteeredSample> Samples, string? Failure = null, IReadOnlyList<int>? Layers = null)
{
    /// <summary>The unit, where there is one.</summary>
    public int? Unit => Units.Count == 1 ? Units[0] : null;

    /// <summary>What was added to it, where there is one.</summary>
    public double? Coefficient => Units.Count == 1 ? Coefficients[0] : null;

    /// <summary>Its layer, where there is one unit and several layers are in place.</summary>
    public int? Layer => Units.Count == 1 ? Layers?[0] : null;

    /// <summary>The units as <c>--units</c> names them.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> Names => NamesOf(Units, Layers);

    /// <summary>Units as <c>--units</c> names them: with their layer where that is said.</summary>
    public static IReadOnlyList<string> NamesOf(IReadOnlyList<int> units, IReadOnlyList<int>? layers) =>
        [.. units.Select((unit, i) => layers is null ? $"{unit}" : $"{layers[i]}:{unit}")];
}

/// <summary>One of several runs whose layers were in place together.</summary>
/// <param name="Run">Its folder.</param>
/// <param name="Type">Kind of layer.</param>
/// <param name="Layer">Where it stands in the language model.</param>
public sealed record SteeredRun(string Run, string Type, int Layer);

/// <summary>What <c>mxd steer</c> found.</summary>
/// <param name="Run">The run's folder; of several, the first's.</param>
/// <param name="Type">Kind of layer; kinds, where several differ in it.</param>
/// <param name="Prompt">What was continued.</param>
/// <param name="Options">How.</param>
/// <param name="Unsteered">Continuations with the layer in place and no unit steered.</param>
/// <param name="Units">Each unit, or all at once.</param>
/// <param name="Stopped">Was it stopped before all units were steered? Absent where not.</param>
/// <param name="Runs">All whose layers are in place, in order of depth; absent where there is one.</param>
public sealed record SteeringResult(
    string Run, string Type, string Prompt, SteerOptions Options, IReadOnlyList<SteeredSample> Unsteered, IReadOnlyList<SteeredUnits> Units, bool? Stopped = null, IReadOnlyList<SteeredRun>? Runs = null);
