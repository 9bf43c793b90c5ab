using Mxd.Formats;
using Mxd.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Mxd.LanguageModels;

/// <summary>The activations of language models' MLPs, under the names layers have for them.</summary>
public static class MlpActivation
{
    /// <summary>Names that configurations use, and ours. The approximations named differently are one formula.</summary>
    private static readonly Dictionary<string, string> names = new(StringComparer.Ordinal)
    {
        ["gelu"] = "gelu",
        ["gelu_python"] = "gelu",
        ["gelu_python_tanh"] = "gelu-tanh",
        ["gelu_accurate"] = "gelu-tanh",
        ["gelu_new"] = "gelu-tanh",
        ["gelu_fast"] = "gelu-tanh",
        ["gelu_pytorch_tanh"] = "gelu-tanh",
        ["relu"] = "relu",
        ["silu"] = "silu",
        ["swish"] = "silu",
    };

    /// <summary>Our name of the activation that a configuration names.</summary>
    /// <exception cref="MxdInputException">It is not known; the message begins with <paramref name="location"/>.</exception>
    public static string Parse(string name, string location) => names.TryGetValue(name, out string? own)
        ? own
        : throw new MxdInputException($"{location} has the activation {Shown.Name(name)}; known are {string.Join(", ", names.Keys)}: use a model with one of these.");

    /// <summary>act(u), elementwise.</summary>
    internal static Tensor Apply(string name, Tensor u) => name switch
    {
        "gelu" => F.gelu(u),
        "gelu-tanh" => F.gelu(u, GELU.Approximate.tanh, false),
        "relu" => F.relu(u),
        "silu" => F.silu(u),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "No activation of an MLP has that name."),
    };
}
