using Mxd.Evaluation;
using Mxd.Runtime;

namespace Mxd.Exploration;

/// <summary>Options of <c>mxd inspect</c>.</summary>
public sealed record InspectOptions
{
    /// <summary>Contexts of text looked at where nobody says: few for a glance at a layer or a unit, more for reports on many units.</summary>
    private const int FewContexts = 64, ManyContexts = 512;

    /// <summary>Contexts in which a unit's removal is measured where nobody says.</summary>
    private const int RemovalOfOne = 16;

    [Option("--run", "The run folder. With --units also several, which share the language model's pass.", IsPath = true)]
    public IReadOnlyList<string> Run { get; init; } = [];

    [Option("--unit", "One unit, by number: what it looks for, where it is active and what it does, instead of the whole layer.")]
    public int? Unit { get; init; }

    [Option("--units", "Reports on many units, written into RUN/units: numbers and ranges (3,7,20-29), or all.", IsList = true, ValueName = "numbers")]
    public IReadOnlyList<string> Units { get; init; } = [];

    [Option("--other", "With --unit or --units: a run of the same shape from another seed, in which best matches are looked for.", IsPath = true)]
    public string? Other { get; init; }

    [Option("--replace", "With --units: make reports anew that are there.")]
    public bool Replace { get; init; }

    [Option("--removal", "With --unit or --units: contexts in which the removal of a unit alone is measured (default: 16 for one, 0 for many; each takes two passes of the language model from the layer on).")]
    public int? Removal { get; init; }

    [Option("--out", "Folder for a figure, units by how often they are active, as usage.png and usage.svg. It is made.", IsPath = true)]
    public string? Out { get; init; }

    [Option("--sample", "Experts whose rank is worked out, spread evenly over all.")]
    public int Sample { get; init; } = 16;

    [Option("--batch", "Tokens at once, for memory.")]
    public long Batch { get; init; } = 4096;

    [Option("--contexts", "Contexts of text that units are looked up in (default: 64, with --units 512); 0 leaves it out.")]
    public int? Contexts { get; init; }

    [Option("--text", "That text, named as for train (default: what the run held out).", IsPath = true, MayBeHubId = true)]
    public IReadOnlyList<string> Text { get; init; } = [];

    [Option("--text-field", "The field of each JSON object, or the column, that holds the text.")]
    public string TextField { get; init; } = "text";

    [Option("--model", "The language model, if it is no longer where the run found it, or the layer was imported.", IsPath = true, MayBeHubId = true)]
    public string? Model { get; init; }

    [Option("--model-dtype", "Precision of the language model: float32 or bfloat16.")]
    public string ModelDtype { get; init; } = "float32";

    [Option("--device", "Device: cpu, cuda, cuda:N or auto.")]
    public string Device { get; init; } = "auto";

    [Option("--allow-other-weights", "Accept the same model with other weights, such as another quantisation.")]
    public bool AllowOtherWeights { get; init; }

    /// <summary>Is it units that are looked at, and not the layer?</summary>
    internal bool IsOfUnits => Unit is not null || Units.Count > 0;

    /// <summary>Contexts looked at, at most.</summary>
    public int ContextsRead => Contexts ?? (Units.Count > 0 ? ManyContexts : FewContexts);

    /// <summary>Contexts of each unit in which its removal is measured.</summary>
    public int ContextsOfRemoval => Removal ?? (Unit is not null ? RemovalOfOne : 0);

    /// <summary>Was text or model named, so that doing without them is no choice?</summary>
    internal bool NamesText => Text.Count > 0 || Model is not null;

    /// <summary>What finds the language model and the text, as for <c>mxd eval</c>.</summary>
    internal EvalOptions ForUse => new()
    {
        Run = Run,
        Text = Text,
        TextField = TextField,
        Contexts = ContextsRead,
        Model = Model,
        ModelDtype = ModelDtype,
        Device = Device,
        AllowOtherWeights = AllowOtherWeights,
    };

    /// <summary>Every rule these options break, a line each.</summary>
    internal IEnumerable<string> Problems()
    {
        if (Unit is not null && Units.Count > 0) yield return "--unit and --units are both given: choose one of them.";
        if (Run.Count > 1 && Units.Count == 0) yield return $"--run names {Run.Count} folders; that goes with --units: name one, or the units.";
        if (Run.Select(Path.GetFullPath).Distinct().Count() < Run.Count) yield return "--run names the same folder twice: name each once.";
        if (Other is not null && !IsOfUnits) yield return "--other goes with --unit and --units: name a unit, or leave it out.";
        if (Other is not null && Run.Count > 1) yield return $"--other is of one run, and --run names {Run.Count}: inspect them one at a time.";
        if (Removal is not null && !IsOfUnits) yield return "--removal goes with --unit and --units: name a unit, or leave it out.";
        if (Removal > 0 && Contexts == 0) yield return $"--removal is {Removal}, and --contexts is 0, which leaves text out: leave one of them out.";
        if (Replace && Units.Count == 0) yield return "--replace goes with --units: name the units, or leave it out.";
        if (Removal is < 0 or > 16) yield return $"--removal is {Removal}; it must be from 0 to 16.";
        if (Sample < 1) yield return $"--sample is {Sample}; it must be at least 1.";
        if (Batch is < 1 or > int.MaxValue) yield return $"--batch is {Batch}; it must be from 1 to {int.MaxValue}.";
        if (Contexts < 0) yield return $"--contexts is {Contexts}; it must be at least 0.";
        if (ModelDtype is not ("float32" or "bfloat16")) yield return $"--model-dtype is '{ModelDtype}'; choose float32 or bfloat16.";
        if (File.Exists(Out)) yield return $"--out is {Out}, which is a file: name a folder.";
        if (Out is not null && (Unit is not null || Contexts == 0)) yield return "--out is for the figure of all units' use on text: leave it out with --unit and --contexts 0.";
        if (Contexts == 0 && Text.Count > 0) yield return "--text is given, and --contexts is 0, which leaves text out: leave one of them out.";
    }
}
