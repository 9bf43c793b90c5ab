using Mxd.Runtime;

namespace Mxd.Exploration.Judging;

/// <summary>Options of <c>mxd judge</c>.</summary>
public sealed record JudgeOptions
{
    [Option("--judge", "Who judges: openai:MODEL[@ADDRESS], ollama:MODEL[@ADDRESS], each with #VARIABLE at its end where that environment variable holds the API key, or local, the language model itself (default); several judge independently.", ValueName = "judge")]
    public IReadOnlyList<string> Judge { get; init; } = [];

    [Option("--text", "Held-out text that gives the scale (default: what the run held out).", IsPath = true, MayBeHubId = true)]
    public IReadOnlyList<string> Text { get; init; } = [];

    [Option("--text-field", "The field of each JSON object, or the column, that holds the text.")]
    public string TextField { get; init; } = "text";

    [Option("--contexts", "Contexts of that text.")]
    public int Contexts { get; init; } = 32;

    [Option("--out", "Folder for the figure: the mean of concept and fluency and their one-sigma ellipse, a layer type each. It is made.", IsPath = true)]
    public string? Out { get; init; }

    [Option("--model", "The language model that judges (default: that of the run).", IsPath = true, MayBeHubId = true)]
    public string? Model { get; init; }

    [Option("--model-dtype", "Precision of the language model: float32 or bfloat16.")]
    public string ModelDtype { get; init; } = "float32";

    [Option("--device", "Device: cpu, cuda, cuda:N or auto.")]
    public string Device { get; init; } = "auto";

    /// <summary>Options that were given, by name, those for asking services (<see cref="Chat.AskingOptions"/>) among them: what changes nothing is refused.</summary>
    public IReadOnlyList<string> Given { get; init; } = [];

    /// <summary>Are services asked?</summary>
    public bool AsksServices => Services.Any();

    /// <summary>The judges that are services.</summary>
    internal IEnumerable<string> Services => Judge.Where(judge => judge != JudgeScore.Local);

    /// <summary>Does the language model itself judge?</summary>
    internal bool IsLocal => !AsksServices || Judge.Contains(JudgeScore.Local);

    /// <summary>What the language model itself needs, and only it.</summary>
    private static IEnumerable<string> ForLocal => ["--text", "--text-field", "--contexts", "--model", "--model-dtype", "--device"];

    private string? Unused
    {
        get
        {
            string[] own = [.. ForLocal, "--judge", "--out"], unused = [.. AsksServices ? IsLocal ? [] : Given.Intersect(ForLocal) : Given.Except(own)];
            if (unused.Length == 0) return null;
            string names = string.Join(", ", unused), are = unused.Length == 1 ? "is" : "are", them = unused.Length == 1 ? "it" : "them";
            return AsksServices
                ? $"{names} {are} for the language model itself, and --judge names services alone: leave {them} out, or add local to --judge."
                : $"{names} {are} for asking services, and --judge names none: leave {them} out, or name one by --judge.";
        }
    }

    /// <summary>Every rule these options break, a line each.</summary>
    internal IEnumerable<string> Problems()
    {
        if (Contexts < 2) yield return $"--contexts is {Contexts}; it must be at least 2, so that there are different ones.";
        if (ModelDtype is not ("float32" or "bfloat16")) yield return $"--model-dtype is '{ModelDtype}'; choose float32 or bfloat16.";
        if (Judge.Distinct().Count() < Judge.Count) yield return "--judge names the same judge twice: name each once.";
        if (Unused is { } unused) yield return unused;
        if (File.Exists(Out)) yield return $"--out is {Out}, which is a file: name a folder.";
    }
}
