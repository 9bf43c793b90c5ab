using System.Security.Cryptography;
using Mxd.Formats;
using Mxd.Runtime;
using Mxd.Tokenizers;
using static TorchSharp.torch;

namespace Mxd.LanguageModels;

/// <summary>
/// A language model on disk: its configuration and tokenizer, read at once, and its weights, read when <see cref="Load"/> is called.
/// </summary>
public sealed class ModelFile : IDisposable
{
    private readonly GgufFile file;
    private readonly LlamaConfig config;

    private ModelFile(GgufFile file, LlamaConfig config, ITokenizer tokenizer, ModelIdentity identity)
    {
        this.file = file;
        this.config = config;
        Tokenizer = tokenizer;
        Identity = identity;
    }

    public ModelIdentity Identity { get; }

    public ITokenizer Tokenizer { get; }

    /// <summary>Values in all tensors.</summary>
    public long WeightCount => file.Names.Sum(name => file.Describe(name).ElementCount);

    /// <summary>Length of the file, which is mapped into memory while its weights are read.</summary>
    public long FileBytes => new FileInfo(file.Location).Length;

    /// <summary>Opens what the user named: for now a <c>.gguf</c> file.</summary>
    /// <exception cref="MxdInputException">Not there, damaged, or of a kind that is not supported.</exception>
    public static ModelFile Open(string model)
    {
        if (!model.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase))
            throw new MxdInputException(
                $"Model '{model}' is not a .gguf file, the only kind this version reads: pass the path of a GGUF file of the llama architecture.");
        if (!File.Exists(model)) throw new MxdInputException($"Model {model} does not exist: pass the path of a GGUF file.");
        GgufFile file = GgufFile.Open(model);
        try
        {
            LlamaConfig config = LlamaConfig.FromGguf(file);
            ITokenizer tokenizer = GgufTokenizer.Load(file);
            if (tokenizer.VocabularySize > config.Vocabulary)
                throw new MxdInputException($"{model} has {tokenizer.VocabularySize} tokens but embeddings for {config.Vocabulary}: the file is damaged.");
            return new ModelFile(file, config, tokenizer, Identify(Path.GetFullPath(model), config, tokenizer));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The layer number itself, if the model has it.</summary>
    /// <exception cref="MxdInputException">It has not.</exception>
    public int CheckLayer(int layer) => layer >= 0 && layer < Identity.Layers
        ? layer
        : throw new MxdInputException($"--layer is {layer}, but {Identity.Id} has {Identity.Layers} layers: choose one from 0 to {Identity.Layers - 1}.");

    /// <summary>Finds early, from the header alone, what would make <see cref="Load"/> fail; a vocabulary can be used without.</summary>
    /// <exception cref="MxdInputException">The tensors are not those of the architecture, or stored in a way that is not read.</exception>
    public void CheckWeights() => LlamaTensors.Check(file, config);

    /// <exception cref="MxdInputException">Contexts of that many tokens are longer than what the model was trained for.</exception>
    public void CheckContext(int tokens)
    {
        if (tokens > Identity.ContextLength)
            throw new MxdInputException($"--context is {tokens}, more than the {Identity.ContextLength} positions {Identity.Id} was trained for: give at most those.");
    }

    /// <summary>Reads the weights.</summary>
    public LanguageModel Load(ScalarType dtype, Device device, IProgress<double>? progress = null) =>
        new LlamaModel(Identity, config, LlamaWeights.FromGguf(file, config, dtype, device, progress));

    public void Dispose() => file.Dispose();

    private static ModelIdentity Identify(string path, LlamaConfig config, ITokenizer tokenizer)
    {
        using FileStream stream = File.OpenRead(path);
        string hash = Convert.ToHexStringLower(SHA256.HashData(stream));
        return new ModelIdentity(
            path, "llama", config.Layers, config.Width, config.MlpWidth, config.Vocabulary, config.ContextLength, tokenizer.Hash, hash);
    }
}
