using Mxd.Formats;
using Mxd.Runtime;

namespace Mxd.LanguageModels;

/// <summary>
/// What a config.json says of rotary positions, read as transformers 5 does: <c>rope_scaling</c> is the section for them if it holds anything,
/// otherwise <c>rope_parameters</c> is, and what the section says goes before the names that older files have beside it.
/// </summary>
/// <remarks>
/// The releases before 5.0 let a GPT-NeoX's <c>rotary_pct</c> overrule the section's <c>partial_rotary_factor</c>; the newest, which this
/// follows, do not. Files that have both have the same number in both, unless edited by hand.
/// </remarks>
internal sealed class RotaryKeys(ConfigJson json)
{
    private const double StandardBase = 10_000;

    private readonly ConfigJson? section = json.Section("rope_scaling") is { IsEmpty: false } scaling ? scaling : json.Section("rope_parameters");

    /// <summary>Base of the frequencies.</summary>
    /// <param name="olderNames">What it is called outside the section.</param>
    public float Base(params ReadOnlySpan<string> olderNames) =>
        (float)(section?.OptionalNumber(NumberRange.RotaryBase, "rope_theta") ?? json.OptionalNumber(NumberRange.RotaryBase, olderNames) ?? StandardBase);

    /// <summary>The part of each head that turns.</summary>
    /// <param name="standard">Where nothing says so.</param>
    /// <param name="olderNames">What it is called outside the section.</param>
    public double Share(double standard, params ReadOnlySpan<string> olderNames) =>
        section?.OptionalNumber(NumberRange.Share, "partial_rotary_factor") ?? json.OptionalNumber(NumberRange.Share, olderNames) ?? standard;

    /// <exception cref="MxdInputException">The kind is not known, or a number of it is missing or impossible.</exception>
    public RotaryScaling? Scaling() => section?.OptionalText("rope_type", "type") switch
    {
        null or "default" => null,
        "linear" => new RotaryScaling.Linear(section.Number(NumberRange.Factor, "factor")),
        "llama3" => new RotaryScaling.Llama3(
            section.Number(NumberRange.Factor, "factor"),
            section.Number(NumberRange.Turns, "low_freq_factor"),
            section.Number(NumberRange.Turns, "high_freq_factor"),
            section.Number(NumberRange.Positions, "original_max_position_embeddings")).Checked(section.Location),
        string other => throw Unknown(section.Location, other, "default, linear, llama3"),
    };

    /// <summary>From a GGUF header, for heads of which <paramref name="width"/> values turn. Divisors that are a tensor of the file are read with the weights.</summary>
    /// <exception cref="MxdInputException">The scaling's kind is not known, or a number is impossible.</exception>
    public static RotaryConfig Read(GgufConfig header, int width) =>
        new(width, (float)(header.OptionalNumber(NumberRange.RotaryBase, "rope.freq_base") ?? StandardBase), Scaling(header));

    /// <summary>As llama.cpp reads it: linear where no kind is given, under a newer key or an older one, and 0 for none.</summary>
    private static RotaryScaling.Linear? Scaling(GgufConfig header)
    {
        string kind = header.OptionalText("rope.scaling.type") ?? "linear";
        if (kind == "none") return null;
        if (kind != "linear") throw Unknown(header.File.Location, kind, "none, linear");
        string key = header.Has("rope.scaling.factor") ? "rope.scaling.factor" : "rope.scale_linear";
        return !header.Has(key) || header.IsNeutral(key, 0, 1) ? null : new RotaryScaling.Linear(header.Number(NumberRange.Factor, key));
    }

    private static MxdInputException Unknown(string location, string kind, string known) =>
        new($"{location} scales its rotary frequencies by {Shown.Name(kind)}; known are {known}: use a model with one of these.");
}
