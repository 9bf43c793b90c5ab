using System.Text.Json;
using System.Text.Json.Nodes;
using Mxd.Runtime;

namespace Mxd.Evaluation;

/// <summary>What it costs to put the layers of a sequence in place, as many as are named, the shallowest first: an entry of <c>layers_replaced</c> of <c>mxd eval --json</c>.</summary>
/// <param name="Sequence">The runs it is about.</param>
/// <param name="Layers">The layers replaced.</param>
/// <param name="Runs">The folders of the runs that replace them.</param>
/// <param name="Measured">What that costs.</param>
public sealed record LayersReplaced(LayerSequence Sequence, IReadOnlyList<int> Layers, IReadOnlyList<string> Runs, SetCost Measured)
{
    /// <summary>The cost's fields stand beside the others, standard errors with standard errors.</summary>
    public JsonObject ToJson()
    {
        var json = new JsonObject();
        if (Sequence.Type is { } type) json["type"] = type;
        if (Sequence.Sparsity is { } sparsity) json["sparsity"] = sparsity;
        json["layers"] = JsonSerializer.SerializeToNode(Layers, Json.Compact);
        json["runs"] = JsonSerializer.SerializeToNode(Runs, Json.Compact);
        Move(JsonSerializer.SerializeToNode(Measured.Cost, Json.Compact)!.AsObject(), json);
        JsonObject sums = JsonSerializer.SerializeToNode(Measured, Json.Compact)!.AsObject(), errors = sums["standard_errors"]!.AsObject();
        sums.Remove("cost");
        sums.Remove("standard_errors");
        Move(sums, json);
        Move(errors, json["standard_errors"]!.AsObject());
        return json;
    }

    private static void Move(JsonObject from, JsonObject to)
    {
        foreach ((string name, JsonNode? value) in from.ToArray())
        {
            from.Remove(name);
            to[name] = value;
        }
    }
}
