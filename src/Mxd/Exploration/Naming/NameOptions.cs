using Mxd.Runtime;

namespace Mxd.Exploration.Naming;

/// <summary>Options of <c>mxd name</c>.</summary>
public sealed record NameOptions
{
    [Option("--run", "The run folder whose layer's units are named.", IsPath = true)]
    public string Run { get; init; } = "";

    [Option("--units", "The units: numbers and ranges (3,7,20-29), or all.", IsList = true, ValueName = "numbers")]
    public IReadOnlyList<string> Units { get; init; } = [];

    [Option("--top", "Instead of --units: as many units, those that are active on most tokens of the text and yet not everywhere, so that their names can be tested.")]
    public int? Top { get; init; }

    [Option("--namer", "Who names: openai:MODEL[@ADDRESS] or ollama:MODEL[@ADDRESS], with #VARIABLE at its end where that environment variable holds the API key.", ValueName = "model")]
    public string Namer { get; init; } = "";

    [Option("--scorer", "Who finds by a name alone in which held-out excerpts a unit is active, named in the same way (default: the namer).", ValueName = "model")]
    public string? Scorer { get; init; }

    [Option("--shown", "Excerpts that the namer is shown of each unit: half its strongest, half spread over the range of its activation.")]
    public int Shown { get; init; } = 16;

    [Option("--tested", "Excerpts by which a name is scored, half of them with the unit active.")]
    public int Tested { get; init; } = 20;

    [Option("--control", "Also score each unit's excerpts by the name of the next unit with another name, which is as many requests again.")]
    public bool Control { get; init; }

    [Option("--text", "Text in which units are looked up (default: what the run held out).", IsPath = true, MayBeHubId = true)]
    public IReadOnlyList<string> Text { get; init; } = [];

    [Option("--text-field", "The field of each JSON object, or the column, that holds the text.")]
    public string TextField { get; init; } = "text";

    [Option("--contexts", "Contexts of that text: the first half for naming, the second for scoring.")]
    public int Contexts { get; init; } = 256;

    [Option("--seed", "Seed of the excerpts drawn for scoring and of their order.")]
    public long Seed { get; init; }

    [Option("--model", "The language model, if it is no longer where the run found it, or the layer was imported.", IsPath = true, MayBeHubId = true)]
    public string? Model { get; init; }

    [Option("--model-dtype", "Precision of the language model: float32 or bfloat16.")]
    public string ModelDtype { get; init; } = "float32";

    [Option("--device", "Device: cpu, cuda, cuda:N or auto.")]
    public string Device { get; init; } = "auto";

    [Option("--allow-other-weights", "Accept the same model with other weights, such as another quantisation.")]
    public bool AllowOtherWeights { get; init; }

    /// <summary>The services that are asked: one where the namer scores too.</summary>
    internal IReadOnlyList<string> Services => Scorer is null || Scorer == Namer ? [Namer] : [Namer, Scorer];

    /// <summary>Every rule these options break, a line each.</summary>
    internal IEnumerable<string> Problems()
    {
        if (Units.Count > 0 == Top is not null) yield return $"{(Top is null ? "No units were named" : "Units were named in more than one way")}: give one of --units and --top.";
        if (Top < 1) yield return $"--top is {Top}; it must be at least 1.";
        if (Shown < 2) yield return $"--shown is {Shown}; it must be at least 2.";
        if (Tested < 2) yield return $"--tested is {Tested}; it must be at least 2.";
        else if (Tested % 2 != 0) yield return $"--tested is {Tested}; it must be even, because the unit is active in half of them: give {Tested - 1} or {Tested + 1}.";
        if (Contexts < 2) yield return $"--contexts is {Contexts}; it must be at least 2, for naming and for scoring.";
    }
}
