using Mxd.LanguageModels.Generation;
using Mxd.Runtime;

namespace Mxd.Exploration.Steered;

/// <summary>Options of <c>mxd steer</c>; the defaults are the published experiment's.</summary>
public sealed record SteerOptions
{
    [Option("--run", "The run folder whose layer is put in place and steered; of several at different layers, all are in place together.", IsPath = true)]
    public IReadOnlyList<string> Run { get; init; } = [];

    [Option("--units", "The units: numbers and ranges (3,7,20-29), or all; of several runs with the layer before them (15:3,7,22:0).", IsList = true, ValueName = "numbers")]
    public IReadOnlyList<string> Units { get; init; } = [];

    [Option("--top", "Instead of --units: as many units, of each run those that are active on most tokens of --text.")]
    public int? Top { get; init; }

    [Option("--probe", "Instead of --units: the best unit of each class in a file that 'mxd probe' wrote (RUN/probe/NAME.json).", IsPath = true)]
    public string? Probe { get; init; }

    [Option("--together", "Steer all units at once, and not one after another.")]
    public bool Together { get; init; }

    [Option("--coefficient", "What is added to a unit after the layer has chosen its own, in units of --scale (default: 100, or 2 with --scale max or p99).")]
    public double? Coefficient { get; init; }

    [Option("--scale", "What a coefficient of 1 is: absolute (1), max or p99, the largest activation of that unit on --text or the one that 1 % of its activations exceed.")]
    public string Scale { get; init; } = "absolute";

    [Option("--positions", "Where units are steered: all, or new, which is from the prompt's last token on.")]
    public string Positions { get; init; } = "all";

    [Option("--prompt", "The text to continue.", ValueName = "text")]
    public string Prompt { get; init; } = "Let's talk about ";

    [Option("--samples", "Continuations of each.")]
    public int Samples { get; init; } = 10;

    [Option("--tokens", "Tokens of a continuation at most.")]
    public int Tokens { get; init; } = 32;

    [Option("--temperature", "What logits, less their penalties, are divided by; 0 takes the most likely token.")]
    public double Temperature { get; init; } = 1;

    [Option("--top-k", "Choose among this many most likely tokens (default: all).")]
    public int? TopK { get; init; }

    [Option("--top-p", "Choose among the fewest most likely tokens that have this probability together.")]
    public double TopP { get; init; } = 0.1;

    [Option("--frequency-penalty", "Taken off a token's logit for each time it is in the text so far, the prompt included.")]
    public double FrequencyPenalty { get; init; } = 1;

    [Option("--presence-penalty", "Taken off the logits of tokens that are in the text so far, the prompt included.")]
    public double PresencePenalty { get; init; }

    [Option("--seed", "Seed of what is drawn; every unit draws the same numbers.")]
    public long Seed { get; init; } = 42;

    [Option("--text", "Text on which units' activations are measured for --top and --scale (default: what the run held out).", IsPath = true, MayBeHubId = true)]
    public IReadOnlyList<string> Text { get; init; } = [];

    [Option("--text-field", "The field of each JSON object, or the column, that holds the text.")]
    public string TextField { get; init; } = "text";

    [Option("--skip-bad", "Pass over rows of that text that are wrong, and count them.")]
    public bool SkipBad { get; init; }

    [Option("--contexts", "Contexts of that text.")]
    public int Contexts { get; init; } = 64;

    [Option("--out", "File for the result as a page, samples side by side with those that are not steered (.html).", IsPath = true)]
    public string? Out { get; init; }

    [Option("--model", "The language model, if it is no longer where the run found it, or the layer was imported.", IsPath = true, MayBeHubId = true)]
    public string? Model { get; init; }

    [Option("--model-dtype", "Precision of the language model: float32 or bfloat16.")]
    public string ModelDtype { get; init; } = "float32";

    [Option("--device", "Device: cpu, cuda, cuda:N or auto.")]
    public string Device { get; init; } = "auto";

    [Option("--allow-other-weights", "Accept the same model with other weights, such as another quantisation.")]
    public bool AllowOtherWeights { get; init; }

    /// <summary>In units of <see cref="Scale"/>.</summary>
    internal double Amount => Coefficient ?? (Scale == "absolute" ? 100 : 2);

    internal SamplingOptions Sampling => new()
    {
        Temperature = Temperature,
        TopK = TopK,
        TopP = TopP,
        FrequencyPenalty = FrequencyPenalty,
        PresencePenalty = PresencePenalty,
        Seed = Seed,
    };

    /// <summary>Are units' activations on a text needed?</summary>
    internal bool NeedsText => Top is not null || Scale != "absolute";

    /// <summary>Every rule these options break, a line each.</summary>
    internal IEnumerable<string> Problems()
    {
        if (Run.Distinct().Count() < Run.Count) yield return "--run names the same folder twice: name each once.";
        int ways = (Units.Count > 0 ? 1 : 0) + (Top is null ? 0 : 1) + (Probe is null ? 0 : 1);
        if (ways != 1) yield return $"{(ways == 0 ? "No units were named" : "Units were named in more than one way")}: give one of --units, --top and --probe.";
        foreach ((string name, long? value) in new (string, long?)[] { ("--top", Top), ("--samples", Samples), ("--tokens", Tokens), ("--contexts", Contexts) })
            if (value < 1) yield return $"{name} is {value}; it must be at least 1.";
        if (Text.Count > 0 && !NeedsText) yield return "--text is given, but units' activations are only measured for --top and for a --scale other than absolute: leave it out, or give one of these.";
        if (SkipBad && Text.Count == 0) yield return "--skip-bad is given, but no --text: what a run held out is read as the run read it.";
        if (!float.IsFinite((float)Amount)) yield return $"--coefficient is {Coefficient}; it must be a number that a float32 holds.";
        if (Scale is not ("absolute" or "max" or "p99")) yield return $"--scale is '{Scale}'; choose absolute, max or p99.";
        if (Positions is not ("all" or "new")) yield return $"--positions is '{Positions}'; choose all or new.";
        foreach (string problem in Sampling.Problems()) yield return problem;
        if (ModelDtype is not ("float32" or "bfloat16")) yield return $"--model-dtype is '{ModelDtype}'; choose float32 or bfloat16.";
    }
}
