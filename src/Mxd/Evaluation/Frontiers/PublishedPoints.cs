using System.Text.Json;
using System.Text.Json.Nodes;
using Mxd.Runtime;

namespace Mxd.Evaluation.Frontiers;

/// <summary>Points from elsewhere, to be drawn beside one's own: a table as <see cref="FrontierCsv"/> describes it, or what <c>mxd compare --json</c> printed.</summary>
public static class PublishedPoints
{
    /// <exception cref="MxdInputException">There is no such file, or it holds no points.</exception>
    public static IReadOnlyList<FrontierPoint> Read(string path)
    {
        if (!File.Exists(path)) throw new MxdInputException($"{path} does not exist: name a .csv or .json file of points.");
        string text = File.ReadAllText(path);
        IReadOnlyList<FrontierPoint> points;
        if (text.TrimStart().StartsWith('{'))
        {
            points = FromJson(text, path);
        }
        else
        {
            using var reader = new StringReader(text);
            points = FrontierCsv.Read(reader, path);
        }
        if (points.All(p => p.Measures.Count == 0)) throw new MxdInputException($"{path} has points without any of the numbers {string.Join(", ", Measure.All.Select(m => m.Name))}.");
        return [.. points.Select(p => p with { Source = p.Source ?? Path.GetFileNameWithoutExtension(path) })];
    }

    private static IReadOnlyList<FrontierPoint> FromJson(string text, string path)
    {
        if (Json.Read<JsonObject>(text, path)["points"] is not JsonArray points) throw new MxdInputException($"{path} has no 'points': name a file that 'mxd compare --json' printed.");
        return [.. points.Select((point, i) => Point(point as JsonObject ?? throw new MxdInputException($"{path}: point {i} is no object."), $"{path}, point {i}"))];
    }

    private static FrontierPoint Point(JsonObject json, string what)
    {
        var errors = json["standard_errors"] as JsonObject;
        var measures = new Dictionary<string, Statistic>();
        foreach (Measure measure in Measure.All)
        {
            if (Number(json[measure.Name]) is var mean && double.IsNaN(mean)) continue;
            measures[measure.Name] = new Statistic(mean, Number(Of("over_contexts")), Number(Of("between_seeds")));
            json.Remove(measure.Name);

            JsonNode? Of(string kind) => (errors?[kind] as JsonObject)?[measure.Name];
        }
        json.Remove("standard_errors");
        return Json.Read<FrontierPoint>(json.ToJsonString(), what) with { Measures = measures };
    }

    private static double Number(JsonNode? node) => node?.GetValueKind() == JsonValueKind.Number ? node.GetValue<double>() : double.NaN;
}
