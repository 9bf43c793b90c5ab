using System.Text.Json;
using System.Text.Json.Nodes;
using Mxd.Runtime;

namespace Mxd.Evaluation.Frontiers;

/// <summary>One configuration: a layer type at one sparsity, over its seeds. What is not known of a published one is absent.</summary>
public sealed record FrontierPoint
{
    /// <summary>Where it comes from, if not from the runs compared.</summary>
    public string? Source { get; init; }

    /// <summary>A name of a layer type.</summary>
    public required string Type { get; init; }

    /// <summary>The line it belongs to: the type, with what tells it from other lines of that type.</summary>
    public string Line { get; init; } = "";

    /// <summary>As people read it.</summary>
    public string? Sparsity { get; init; }

    public int? K { get; init; }

    /// <summary>Experts or latents.</summary>
    public long? Units { get; init; }

    /// <summary>Hidden width.</summary>
    public long? Hidden { get; init; }

    public long? Parameters { get; init; }

    /// <summary>Forward operations a token where only chosen units are decoded.</summary>
    public long? FlopsPerToken { get; init; }

    /// <summary>Tokens trained on.</summary>
    public long? TrainedTokens { get; init; }

    public double? LearningRate { get; init; }

    /// <summary>Seeds.</summary>
    public int? Runs { get; init; }

    /// <summary>By the names of <see cref="Measure.All"/>.</summary>
    public IReadOnlyDictionary<string, Statistic> Measures { get; init; } = new Dictionary<string, Statistic>();

    /// <summary>Not a number where it was not measured.</summary>
    public Statistic this[Measure measure] => Measures.GetValueOrDefault(measure.Name) ?? new Statistic(double.NaN);

    /// <summary>Flat: each measure under its name, standard errors under the same names in two objects.</summary>
    public JsonObject ToJson()
    {
        JsonObject json = JsonSerializer.SerializeToNode(this with { Measures = new Dictionary<string, Statistic>() }, Json.Compact)!.AsObject();
        json.Remove("measures");
        (JsonObject contexts, JsonObject seeds) = ([], []);
        foreach (Measure measure in Measure.All.Where(m => double.IsFinite(this[m].Mean)))
        {
            Statistic statistic = this[measure];
            json[measure.Name] = statistic.Mean;
            if (double.IsFinite(statistic.OverContexts)) contexts[measure.Name] = statistic.OverContexts;
            if (double.IsFinite(statistic.BetweenSeeds)) seeds[measure.Name] = statistic.BetweenSeeds;
        }
        json["standard_errors"] = new JsonObject { ["over_contexts"] = contexts, ["between_seeds"] = seeds };
        return json;
    }
}
