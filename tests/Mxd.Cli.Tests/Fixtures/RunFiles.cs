using System.Text.Json.Nodes;
using Mxd.Formats.TensorBoard;

namespace Mxd.Cli.Tests.Fixtures;

/// <summary>What lies in a run's folder.</summary>
internal sealed record RunFiles(string Path)
{
    public byte[] Layer => File.ReadAllBytes(In("layer.safetensors"));

    /// <summary>Steps of the checkpoints there are.</summary>
    public int[] Checkpoints => Directory.Exists(In("checkpoints"))
        ? [.. Directory.GetFiles(In("checkpoints"), "step-*.safetensors").Select(f => int.Parse(System.IO.Path.GetFileNameWithoutExtension(f)["step-".Length..])).Order()]
        : [];

    /// <summary>Lines of metrics.jsonl, all of which must be whole.</summary>
    public JsonObject[] Metrics => [.. File.ReadAllLines(In("metrics.jsonl")).Select(line => JsonNode.Parse(line)!.AsObject())];

    public int[] LoggedSteps => [.. Metrics.Select(m => (int)m["step"]!)];

    /// <summary>Lines of metrics.jsonl without what depends on the clock.</summary>
    public string[] MetricsWithoutRates => [.. Metrics.Select(WithoutRates)];

    /// <summary>What TensorBoard shows under a tag.</summary>
    public (int Step, float Value)[] Scalars(string tag) => [.. EventLog.ReadScalars(Path).Where(s => s.Tag == tag).Select(s => ((int)s.Step, s.Value))];

    /// <summary>Lines that a run at work has logged so far; the last may be half written.</summary>
    public int LinesSoFar => File.Exists(In("metrics.jsonl")) ? ReadShared(In("metrics.jsonl")).Count(c => c == '\n') : 0;

    public string In(string name) => System.IO.Path.Combine(Path, name);

    private static string WithoutRates(JsonObject line)
    {
        foreach (string rate in line.Select(p => p.Key).Where(key => key.EndsWith("_per_second", StringComparison.Ordinal)).ToArray()) line.Remove(rate);
        return line.ToJsonString();
    }

    private static string ReadShared(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
