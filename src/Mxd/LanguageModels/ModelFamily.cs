using Mxd.Formats;
using Mxd.LanguageModels.Families;
using Mxd.Runtime;

namespace Mxd.LanguageModels;

/// <summary>
/// A family of language models: how its configuration is read and what its tensors are called in each container, and the model itself.
/// docs/language-models.md says how to add one.
/// </summary>
public abstract class ModelFamily
{
    /// <summary>All families.</summary>
    public static IReadOnlyList<ModelFamily> All { get; } = [new Gpt2Family(), new NeoxFamily(), new LlamaFamily()];

    /// <summary>The <c>model_type</c> of config.json; the architecture that a saved layer names.</summary>
    public abstract string Name { get; }

    /// <summary>The <c>general.architecture</c> of GGUF files.</summary>
    public abstract string GgufName { get; }

    /// <summary>What belongs to it, for people.</summary>
    public abstract string Members { get; }

    internal abstract TransformerConfig ReadConfig(ConfigJson json);

    internal abstract TransformerConfig ReadConfig(GgufConfig header);

    /// <summary>Names in a Hugging Face folder.</summary>
    internal abstract WeightNames NamesIn(ITensorSource source, TransformerConfig config);

    /// <summary>Names in GGUF files.</summary>
    internal abstract WeightNames GgufNames { get; }

    /// <summary>The model; takes ownership of <paramref name="weights"/>.</summary>
    public abstract LanguageModel Create(ModelIdentity identity, TransformerConfig config, TransformerWeights weights);

    /// <exception cref="MxdInputException">No family has that <c>model_type</c>.</exception>
    internal static ModelFamily OfFolder(string modelType, string location) => All.FirstOrDefault(f => f.Name == modelType)
        ?? throw new MxdInputException($"{location} has the model_type {Shown.Name(modelType)}; known are {string.Join(", ", All.Select(f => f.Name))}: use a model of one of these families.");

    /// <exception cref="MxdInputException">No family has that architecture.</exception>
    internal static ModelFamily OfGguf(string architecture, string location) => All.FirstOrDefault(f => f.GgufName == architecture)
        ?? throw new MxdInputException($"{location} holds a {Shown.Name(architecture)} model; the architectures read from GGUF are: {string.Join(", ", All.Select(f => f.GgufName))}.");

    /// <summary>Values a head, where the heads share the width.</summary>
    private protected static int HeadWidth(int width, int heads, string location) => width % heads == 0
        ? width / heads
        : throw new MxdInputException($"{location} has a width of {width} and {heads} heads; the first must be a multiple of the second: use another model.");
}
