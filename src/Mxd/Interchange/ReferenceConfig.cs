using System.Globalization;
using System.Text.Json;
using Mxd.Layers;
using Mxd.Runtime;

namespace Mxd.Interchange;

/// <summary>
/// Reads the configuration of the published Python implementation, whose flags together name a layer type. Values may be
/// Python's spelling (<c>True</c>) or JSON's.
/// </summary>
public sealed class ReferenceConfig(IReadOnlyDictionary<string, string> values)
{
    /// <summary>From a JSON object.</summary>
    public static ReferenceConfig FromJson(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return new ReferenceConfig(document.RootElement.EnumerateObject().ToDictionary(p => p.Name, p => p.Value.ToString(), StringComparer.Ordinal));
    }

    /// <exception cref="MxdInputException">A flag is missing, or asks for something this version does not have.</exception>
    public LayerOptions ToOptions()
    {
        bool mixture = Flag("use_conditional");
        if (!Flag("is_transcoder")) throw Unsupported("is_transcoder", "an SAE");
        if (Flag("use_glu")) throw Unsupported("use_glu", "a GLU variant");
        if (Flag("use_skip")) throw Unsupported("use_skip", "a skip connection");
        int k = (int)Number("topk");
        if (k < 0) throw Unsupported("topk", "an L1 penalty instead of TopK");
        long latents = Number("d_sae");
        return new LayerOptions
        {
            Type = mixture ? "mxd" : "transcoder",
            InputWidth = Number("d_in"),
            OutputWidth = Number("d_out"),
            Units = mixture ? Number("n_experts") : latents,
            Hidden = mixture ? latents : null,
            K = k,
            Activation = Activation(),
            UnitNorm = Flag("norm_dec"),
        };
    }

    private string Activation() => Text("mlp_activation_fn") switch
    {
        "gelu_pytorch_tanh" => "gelu-tanh",
        "relu" or "gelu" or "sigmoid" or "silu" => Text("mlp_activation_fn"),
        string other => throw new MxdInputException($"mlp_activation_fn is '{other}'; relu, gelu, gelu_pytorch_tanh, sigmoid and silu are known."),
    };

    private string Text(string key) =>
        values.TryGetValue(key, out string? value) ? value : throw new MxdInputException($"The reference configuration has no '{key}', which names the layer's formula.");

    private bool Flag(string key) => Text(key) switch
    {
        "True" or "true" => true,
        "False" or "false" => false,
        string other => throw new MxdInputException($"{key} is '{other}' in the reference configuration; True or False is expected."),
    };

    private long Number(string key) =>
        long.TryParse(Text(key), NumberStyles.Integer, CultureInfo.InvariantCulture, out long number)
            ? number
            : throw new MxdInputException($"{key} is '{Text(key)}' in the reference configuration; a whole number is expected.");

    private MxdInputException Unsupported(string key, string what) =>
        new($"{key} is {Text(key)} in the reference configuration, which asks for {what}: this version reads mixtures and transcoders with TopK.");
}
