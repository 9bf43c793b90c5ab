using System.Text.Json;
using System.Text.Json.Nodes;
using Mxd.Formats;
using Mxd.Runtime;

namespace Mxd.Evaluation;

/// <summary>A run's evaluation: evaluation.json, and an entry of every command that evaluates.</summary>
/// <param name="Run">The run's folder.</param>
/// <param name="Type">Kind of layer.</param>
/// <param name="Parameters">Trained values.</param>
/// <param name="Sparsity">How units are chosen, as people read it; absent where there are none.</param>
/// <param name="K">Units active on a token, at most or on average; absent where training decides.</param>
/// <param name="ModelDtype">Precision the language model ran in.</param>
/// <param name="Text">Files of the held-out text.</param>
/// <param name="TextHash">SHA-256 of the tokens of the contexts it was evaluated on.</param>
/// <param name="WeightsHash">SHA-256 of the language model's file.</param>
/// <param name="TrainedTokens">Tokens the layer had been trained on; absent where nothing says.</param>
/// <param name="Cost">What the replacement costs; its fields stand beside these in JSON.</param>
public sealed record EvaluatedRun(
    string Run, string Type, long Parameters, string? Sparsity, int? K, string ModelDtype, IReadOnlyList<string> Text, string TextHash, string WeightsHash, long? TrainedTokens, CostOfReplacement Cost)
{
    /// <summary>Were two layers measured on the same tokens, in the same model in the same precision?</summary>
    public bool IsMeasuredLike(EvaluatedRun other) =>
        (TextHash, WeightsHash, ModelDtype, Cost.Contexts, Cost.Tokens, Cost.SkipFirst)
        == (other.TextHash, other.WeightsHash, other.ModelDtype, other.Cost.Contexts, other.Cost.Tokens, other.Cost.SkipFirst);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="MxdInputException">The file is damaged, or is no evaluation.</exception>
    public static EvaluatedRun Read(string path)
    {
        JsonObject json = Json.Read<JsonObject>(InputFile.ReadAllText(path), path);
        var cost = new JsonObject();
        string[] own = [.. typeof(EvaluatedRun).GetProperties().Select(p => JsonNamingPolicy.SnakeCaseLower.ConvertName(p.Name))];
        foreach ((string name, JsonNode? value) in json.ToArray().Where(field => !own.Contains(field.Key)))
        {
            json.Remove(name);
            cost[name] = value;
        }
        json["cost"] = cost;
        return Json.Read<EvaluatedRun>(json.ToJsonString(), path);
    }

    public JsonObject ToJson()
    {
        JsonObject json = JsonSerializer.SerializeToNode(this, Json.Compact)!.AsObject();
        JsonObject cost = json["cost"]!.AsObject();
        json.Remove("cost");
        foreach ((string name, JsonNode? value) in cost.ToArray())
        {
            cost.Remove(name);
            json[name] = value;
        }
        return json;
    }
}
