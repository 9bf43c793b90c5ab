using System.Security.Cryptography;
using Mxd.Formats;
using Mxd.Hub;
using Mxd.Runtime;
using Mxd.Tokenizers;
using static TorchSharp.torch;

namespace Mxd.LanguageModels;

/// <summary>
/// A language model on disk: its configuration, read at once; its tokenizer and hashes, read when asked for; and its weights, read when
/// <see cref="Load"/> is called. In a Hugging Face folder or a GGUF file, of any <see cref="ModelFamily"/>.
/// </summary>
public sealed class ModelFile : IDisposable
{
    private const string GgufExtension = ".gguf", ConfigName = "config.json";

    private readonly ITensorSource source;
    private readonly ModelFamily family;
    private readonly TransformerConfig config;
    private readonly WeightLayout layout;
    private readonly Lazy<ITokenizer> tokenizer;
    private readonly Lazy<ModelIdentity> identity;

    private ModelFile(string id, ITensorSource source, ModelFamily family, TransformerConfig config, WeightNames names, Func<ITokenizer> loadTokenizer)
    {
        Id = id;
        this.source = source;
        this.family = family;
        this.config = config;
        layout = new WeightLayout(config, names);
        tokenizer = new Lazy<ITokenizer>(() => CheckVocabulary(loadTokenizer()));
        identity = new Lazy<ModelIdentity>(() => new ModelIdentity(id, family.Name, config, TokenizerHash(), WeightsHash));
    }

    /// <summary>What the user named: a hub id, or the full path.</summary>
    public string Id { get; }

    /// <summary>Name of its <see cref="ModelFamily"/>.</summary>
    public string Family => family.Name;

    /// <summary>Sizes and constants.</summary>
    public TransformerConfig Config => config;

    /// <summary>What a layer must know of it. The first use of the weights' hash in it reads all weight files.</summary>
    public ModelIdentity Identity => identity.Value;

    /// <exception cref="MxdInputException">There is none, or one that is not read.</exception>
    public ITokenizer Tokenizer => tokenizer.Value;

    /// <summary>
    /// Opens what the user named: a folder in Hugging Face's layout, a <c>.gguf</c> file, a model of the hub, which is downloaded where the
    /// cache does not have it, or <c>demo</c>, the <see cref="EmbeddedModel"/>.
    /// </summary>
    /// <exception cref="MxdInputException">Not there, damaged, or of a kind that is not supported.</exception>
    public static ModelFile Open(string model, IHubProgress? progress = null, CancellationToken cancellation = default) =>
        OpenFrom(model, HubOptions.FromEnvironment, progress, cancellation);

    /// <summary>The same with a hub of one's own, asked for where it is needed.</summary>
    internal static ModelFile OpenFrom(string model, Func<HubOptions> hub, IHubProgress? progress = null, CancellationToken cancellation = default)
    {
        if (EmbeddedModel.IsMeant(model)) return OpenFolder(model, EmbeddedModel.Folder);
        string path = Path.GetFullPath(model);
        if (model.EndsWith(GgufExtension, StringComparison.OrdinalIgnoreCase)) return OpenGguf(path);
        if (Directory.Exists(path)) return OpenFolder(path, path);
        if (File.Exists(path)) throw new MxdInputException($"Model {model} is a file without the extension {GgufExtension}: pass a hub id (owner/name), a folder with a config.json, a .gguf file, or demo.");
        if (!IsOnHub(model))
            throw new MxdInputException($"Model {model} does not exist: pass a hub id (owner/name), a folder with a config.json, a .gguf file, or demo.");
        // People know some models by other names than the hub's: gpt2-small, pythia-410m.
        HubId id = HubId.Parse(KnownModel.FindId(model) ?? model);
        using var client = new HubClient(hub());
        HubSnapshot snapshot = HubModel.FetchDescription(client, id, progress, cancellation);
        // Of a model that cannot be read nothing more is fetched.
        if (File.Exists(Path.Combine(snapshot.Folder, ConfigName))) ReadConfig(snapshot.Folder);
        return OpenFolder(id.ToString(), HubModel.FetchWeights(client, snapshot, progress, cancellation));
    }

    /// <summary>The tokenizer of a model that <see cref="Open"/> would open; no weights are looked at, nor downloaded.</summary>
    /// <exception cref="MxdInputException">There is none, or one that is not read.</exception>
    public static ITokenizer OpenTokenizer(string model, IHubProgress? progress = null, CancellationToken cancellation = default)
    {
        string path = EmbeddedModel.IsMeant(model) ? EmbeddedModel.Folder : Path.GetFullPath(model);
        if (Directory.Exists(path)) return HuggingFaceTokenizer.Load(path);
        if (!IsOnHub(model))
        {
            using ModelFile file = Open(model, progress, cancellation);
            return file.Tokenizer;
        }
        using var client = new HubClient(HubOptions.FromEnvironment());
        return HuggingFaceTokenizer.Load(HubModel.FetchDescription(client, HubId.Parse(KnownModel.FindId(model) ?? model), progress, cancellation).Folder);
    }

    /// <summary>Is there something that <see cref="Open"/> may read under that name, or does it name a model of the hub?</summary>
    public static bool Exists(string model) => EmbeddedModel.IsMeant(model) || Path.Exists(model) || IsOnHub(model);

    /// <summary>Does that name a model of the hub, which <see cref="Open"/> may have to download?</summary>
    public static bool IsOnHub(string model) => !EmbeddedModel.IsMeant(model) && HubId.IsMeant(model, GgufExtension);

    /// <summary>The layer number itself, if the model has it.</summary>
    /// <exception cref="MxdInputException">It has not.</exception>
    public int CheckLayer(int layer) => layer >= 0 && layer < config.Layers
        ? layer
        : throw new MxdInputException($"--layer is {layer}, but {Id} has {config.Layers} layers: choose one from 0 to {config.Layers - 1}.");

    /// <summary>Finds early, from the header alone, what would make <see cref="Load"/> fail; a vocabulary can be used without.</summary>
    /// <exception cref="MxdInputException">The tensors are not those of the architecture, or stored in a way that is not read.</exception>
    public void CheckWeights() => layout.Check(source);

    /// <exception cref="MxdInputException">Contexts of that many tokens are longer than what the model was trained for.</exception>
    public void CheckContext(int tokens)
    {
        if (tokens > config.ContextLength)
            throw new MxdInputException($"--context is {tokens}, more than the {config.ContextLength} positions {Id} was trained for: give at most those.");
    }

    /// <summary>Reads the weights.</summary>
    public LanguageModel Load(ScalarType dtype, Device device, IProgress<double>? progress = null) =>
        family.Create(Identity, config, layout.Read(source, dtype, device, progress));

    public void Dispose() => source.Dispose();

    private static ModelFile OpenGguf(string path)
    {
        if (!File.Exists(path)) throw new MxdInputException($"Model {path} does not exist: pass the path of a GGUF file.");
        GgufFile file = GgufFile.Open(path);
        return OrDispose(file, () =>
        {
            ModelFamily family = ModelFamily.OfGguf(file.Metadata.GetString("general.architecture"), path);
            var header = new GgufConfig(file, family.GgufName);
            TransformerConfig config = family.ReadConfig(header);
            header.RequireNeutralSettings(config.HeadWidth);
            return new ModelFile(path, file, family, config, family.GgufNames, () => GgufTokenizer.Load(file));
        });
    }

    private static ModelFile OpenFolder(string id, string folder)
    {
        (ModelFamily family, TransformerConfig config) = ReadConfig(folder);
        SafetensorsFolder source = SafetensorsFolder.Open(folder);
        return OrDispose(source, () => new ModelFile(
            id, source, family, config, family.NamesIn(source, config), () => HuggingFaceTokenizer.Load(folder)));
    }

    private static (ModelFamily Family, TransformerConfig Config) ReadConfig(string folder)
    {
        ConfigJson json = ConfigJson.Open(Path.Combine(folder, ConfigName));
        ModelFamily family = ModelFamily.OfFolder(json.Text("model_type"), json.Location);
        if (json.Has("quantization_config"))
            throw new MxdInputException($"{json.Location} describes quantised weights, which are read from GGUF files only: use the model's unquantised folder.");
        json.Require("is_causal", true);
        return (family, family.ReadConfig(json));
    }

    private static ModelFile OrDispose(ITensorSource source, Func<ModelFile> open)
    {
        try
        {
            return open();
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    private ITokenizer CheckVocabulary(ITokenizer loaded) => loaded.VocabularySize <= config.Vocabulary
        ? loaded
        : throw new MxdInputException($"{Id} has {loaded.VocabularySize} tokens, but embeddings for {config.Vocabulary}: its tokenizer is another model's, or the file is damaged.");

    /// <summary>A model without a tokenizer can be given ids all the same.</summary>
    private string TokenizerHash()
    {
        try
        {
            return Tokenizer.Hash;
        }
        catch (MxdInputException)
        {
            return "";
        }
    }

    private string WeightsHash()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[1 << 20];
        foreach (string file in source.Files)
            try
            {
                using FileStream stream = File.OpenRead(file);
                int count;
                while ((count = stream.Read(buffer)) > 0) hash.AppendData(buffer, 0, count);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new MxdInputException($"{file} cannot be read for its hash ({OneLine.Of(e)}): make it readable, or download it again.", e);
            }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
