using Mxd.Runtime;

namespace Mxd.Evaluation;

/// <summary>Options of <c>mxd eval</c>.</summary>
public sealed record EvalOptions
{
    /// <summary>Tokens a context where neither the run, an imported layer nor a person says.</summary>
    public const int DefaultContext = 128;

    [Option("--run", "The run folders. Several are measured one by one and, at different layers, put in place one after another too.", IsPath = true)]
    public IReadOnlyList<string> Run { get; init; } = [];

    [Option("--text", "Held-out text, named as for train (default: what the run held out).", IsPath = true, MayBeHubId = true)]
    public IReadOnlyList<string> Text { get; init; } = [];

    [Option("--text-field", "The field of each JSON object, or the column, that holds the text.")]
    public string TextField { get; init; } = "text";

    [Option("--skip-bad", "Pass over rows of the text that are wrong, and count them.")]
    public bool SkipBad { get; init; }

    [Option("--contexts", "Contexts to evaluate, from the beginning of the text.")]
    public int Contexts { get; init; } = 128;

    [Option("--context", "Tokens a context (default: what the layer was trained on, or 128 where an imported one does not say).")]
    public int? Context { get; init; }

    [Option("--skip-first", "Positions to leave out at the start of each context.")]
    public int SkipFirst { get; init; }

    [Option("--out", "Folder for the figure of runs at different layers, cross-entropy against the number of layers replaced, as .png and .svg. It is made.", IsPath = true)]
    public string? Out { get; init; }

    [Option("--model", "The language model, if it is no longer where the run found it, or the layer was imported.", IsPath = true, MayBeHubId = true)]
    public string? Model { get; init; }

    [Option("--model-dtype", "Precision of the language model: float32 or bfloat16.")]
    public string ModelDtype { get; init; } = "float32";

    [Option("--device", "Device: cpu, cuda, cuda:N or auto.")]
    public string Device { get; init; } = "auto";

    [Option("--allow-other-weights", "Accept the same model with other weights, such as another quantisation.")]
    public bool AllowOtherWeights { get; init; }
}
