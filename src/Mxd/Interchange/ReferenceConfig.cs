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
    /// <summary>Names of activations in the configuration and here; silu is none of the published ones, and is read where a file has it.</summary>
    private static readonly (string Published, string Name)[] activations =
        [("relu", "relu"), ("gelu", "gelu"), ("gelu_pytorch_tanh", "gelu-tanh"), ("sigmoid", "sigmoid"), ("silu", "silu")];

    /// <summary>What the published code knows.</summary>
    public static IEnumerable<string> ActivationNames => activations.Select(a => a.Published).Where(name => name != "silu");

    /// <summary>The published name of an activation; null where there is none.</summary>
    public static string? NameOf(string activation) =>
        activations.FirstOrDefault(a => a.Name == activation).Published is { } name && ActivationNames.Contains(name) ? name : null;

    /// <summary>From a JSON object.</summary>
    public static ReferenceConfig FromJson(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return new ReferenceConfig(document.RootElement.EnumerateObject().ToDictionary(p => p.Name, p => p.Value.ToString(), StringComparer.Ordinal));
    }

    /// <exception cref="MxdInputException">A flag is missing, or asks for something this version does not have.</exception>
    public LayerOptions ToOptions()
    {
        foreach (string flag in new[] { "topk_aux_loss", "is_sparse_connection", "use_ghost_grads" })
            if (values.ContainsKey(flag) && Flag(flag)) throw Unsupported(flag);
        bool mixture = Flag("use_conditional");
        long latents = Number("d_sae");
        return new LayerOptions
        {
            Type = Type(mixture),
            InputWidth = Number("d_in"),
            OutputWidth = Number("d_out"),
            Units = mixture ? Number("n_experts") : latents,
            Hidden = mixture ? latents : null,
            Sparsity = ReadSparsity(),
            Activation = Activation(),
            UnitNorm = Flag("norm_dec"),
        };
    }

    private string Type(bool mixture)
    {
        string prefix = (Flag("use_glu") ? "glu-" : "") + (Flag("use_skip") ? "skip-" : "");
        if (Flag("is_transcoder")) return prefix + (mixture ? "mxd" : "transcoder");
        if (mixture) throw Unsupported("use_conditional");
        if (prefix.Length > 0) throw Unsupported(Flag("use_glu") ? "use_glu" : "use_skip");
        return "sae";
    }

    private Sparsity ReadSparsity()
    {
        long k = Number("topk");
        if (k is < -1 or 0 or > int.MaxValue) throw new MxdInputException($"topk is {k} in the reference configuration; a number above 0, or -1 for an L1 penalty, is expected.");
        return k > 0 ? new Sparsity.TopK((int)k) : new Sparsity.L1(Real("l1_coefficient"));
    }

    private string Activation() =>
        activations.FirstOrDefault(a => a.Published == Text("mlp_activation_fn")).Name ?? throw new MxdInputException(
            $"mlp_activation_fn is '{Text("mlp_activation_fn")}'; {string.Join(", ", activations.Select(a => a.Published))} are known.");

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

    private double Real(string key) =>
        double.TryParse(Text(key), NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
            ? number
            : throw new MxdInputException($"{key} is '{Text(key)}' in the reference configuration; a number is expected.");

    private MxdInputException Unsupported(string key) => new(
        $"{key} is {Text(key)} in a reference configuration of {(Flag("is_transcoder") ? "a transcoder" : "an SAE")}, which has no layer type here: types are {string.Join(", ", LayerTypes.Names)}.");
}
