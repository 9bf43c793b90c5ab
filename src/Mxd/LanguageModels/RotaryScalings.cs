using Mxd.Formats;
using Mxd.Runtime;

namespace Mxd.LanguageModels;

/// <summary>Reads how a configuration scales its rotary frequencies.</summary>
internal static class RotaryScalings
{
    /// <summary>From <c>rope_scaling</c>, or the newer <c>rope_parameters</c>.</summary>
    /// <exception cref="MxdInputException">The kind is not known, or a number of it is missing.</exception>
    public static RotaryScaling? Read(ConfigJson json)
    {
        if ((json.Section("rope_scaling") ?? json.Section("rope_parameters")) is not { } rope) return null;
        RotaryScaling? scaling = rope.OptionalText("rope_type", "type") switch
        {
            null or "default" => null,
            "linear" => new RotaryScaling.Linear(rope.Number("factor")),
            "llama3" => new RotaryScaling.Llama3(
                rope.Number("factor"), rope.Number("low_freq_factor"), rope.Number("high_freq_factor"), rope.Number("original_max_position_embeddings")),
            string other => throw Unknown(rope.Location, other, "default, linear, llama3"),
        };
        return scaling?.Checked(json.Location);
    }

    /// <summary>From a GGUF header. Divisors that are a tensor of the file are read with the weights.</summary>
    /// <exception cref="MxdInputException">The kind is not known, or a number of it is missing.</exception>
    public static RotaryScaling? Read(GgufConfig header)
    {
        RotaryScaling? scaling = header.OptionalText("rope.scaling.type") switch
        {
            null => header.OptionalNumber("rope.scale_linear") is { } factor ? new RotaryScaling.Linear(factor) : null,
            "none" => null,
            "linear" => new RotaryScaling.Linear(header.Number("rope.scaling.factor")),
            string other => throw Unknown(header.File.Location, other, "none, linear"),
        };
        return scaling?.Checked(header.File.Location);
    }

    private static MxdInputException Unknown(string location, string kind, string known) =>
        new($"{location} scales its rotary frequencies by {Shown.Name(kind)}; known are {known}: use a model with one of these.");
}
