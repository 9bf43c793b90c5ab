using System.Text.Json.Nodes;
using Mxd.Formats;
using Mxd.Runtime;

namespace Mxd.Exploration.Judging;

/// <summary>Samples of one steered unit, or of several steered together.</summary>
/// <param name="Units">The units; none for what was not steered.</param>
/// <param name="Samples">Continuations of the prompt.</param>
/// <param name="Layers">The language model's layer of each unit, where the file says.</param>
public sealed record SampleSet(IReadOnlyList<int> Units, IReadOnlyList<string> Samples, IReadOnlyList<int>? Layers = null);

/// <summary>Samples to be judged: what <c>mxd steer --json</c> printed, or any JSON of that form.</summary>
/// <param name="Path">The file.</param>
/// <param name="Type">Kind of layer; absent where the file does not say.</param>
/// <param name="Run">The run whose layer was steered; absent where the file does not say.</param>
/// <param name="Prompt">What was continued.</param>
/// <param name="Unsteered">Continuations without steering; none where the file has none.</param>
/// <param name="Sets">Of each unit.</param>
public sealed record JudgedFile(string Path, string? Type, string? Run, string Prompt, IReadOnlyList<string> Unsteered, IReadOnlyList<SampleSet> Sets)
{
    /// <summary>Reads a file.</summary>
    /// <exception cref="MxdInputException">It is missing, or not of that form.</exception>
    public static JudgedFile Read(string path)
    {
        if (Directory.Exists(path)) throw new MxdInputException($"{path} is a folder: name a file with what 'mxd steer --json' printed.");
        if (!File.Exists(path)) throw new MxdInputException($"{path} does not exist: name a file with what 'mxd steer --json' printed.");
        JsonObject json = Json.Read<JsonObject>(InputFile.ReadAllText(path), path);
        try
        {
            if (json["units"] is not JsonArray units) throw Wrong(path, "it has no 'units'");
            SampleSet[] sets = [.. units.Select((unit, i) => Set(unit as JsonObject ?? throw Wrong(path, $"entry {i} of 'units' is no object"), path, i))];
            sets = [.. sets.Where(set => set.Samples.Count > 0)];
            if (sets.Length == 0) throw Wrong(path, "none of its 'units' has samples");
            return new JudgedFile(path, (string?)json["type"], (string?)json["run"], (string?)json["prompt"] ?? "", json["unsteered"] is JsonArray plain ? Texts(plain, path, "'unsteered'") : [], sets);
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException)
        {
            throw Wrong(path, OneLine.Of(e));
        }
    }

    private static SampleSet Set(JsonObject entry, string path, int number)
    {
        int[] units = entry["units"] is JsonArray several ? [.. several.Select(unit => (int)unit!)] : entry["unit"] is { } one ? [(int)one] : throw Wrong(path, $"entry {number} of 'units' has no 'unit'");
        int[]? layers = entry["layers"] is JsonArray each ? [.. each.Select(layer => (int)layer!)] : null;
        if (layers is not null && layers.Length != units.Length) throw Wrong(path, $"entry {number} of 'units' has {units.Length} units and {layers.Length} 'layers'");
        return new SampleSet(units, entry["samples"] is JsonArray samples ? Texts(samples, path, $"'samples' of entry {number}") : throw Wrong(path, $"entry {number} of 'units' has no 'samples'"), layers);
    }

    /// <summary>Strings, or objects with a 'text'.</summary>
    private static string[] Texts(JsonArray samples, string path, string what) =>
        [.. samples.Select(sample => (sample is JsonObject entry ? (string?)entry["text"] : (string?)sample) ?? throw Wrong(path, $"{what} has a sample without a text"))];

    private static MxdInputException Wrong(string path, string what) => new($"{path} is not what 'mxd steer --json' prints: {what}.");
}
