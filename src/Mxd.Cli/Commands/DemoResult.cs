using System.Text.Json;
using System.Text.Json.Nodes;
using Mxd.Exploration.Reports;
using Mxd.Exploration.Steered;
using Mxd.Runtime;

namespace Mxd.Cli.Commands;

/// <summary>What <c>mxd demo</c> prints.</summary>
/// <param name="Sweep">What each layer costs the model.</param>
/// <param name="Units">A few of the MxD's experts, chosen by rule.</param>
/// <param name="Prompt">What was continued.</param>
/// <param name="Steered">One of them steered; null where none was active often enough to be shown.</param>
/// <param name="Report">The report's file.</param>
internal sealed record DemoResult(SweepResult Sweep, IReadOnlyList<ReportedUnit> Units, string Prompt, SteeredText? Steered, string Report)
{
    public bool HasFailures => Sweep.HasFailures;

    public JsonObject ToJson() => new()
    {
        ["results"] = new JsonArray([.. Sweep.Rows.Select(row => (JsonNode)row.ToJson())]),
        ["units"] = JsonSerializer.SerializeToNode(Units, Json.Compact),
        ["prompt"] = Prompt,
        ["steered"] = JsonSerializer.SerializeToNode(Steered, Json.Compact),
        ["report"] = Report,
    };
}
