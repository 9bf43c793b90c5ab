using Mxd.Formats;
using Mxd.LanguageModels;
using Mxd.Runtime;
using Mxd.Tests.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.LanguageModels;

/// <summary>Every family from folders of random models, against plain loops.</summary>
public sealed class ModelFamilyTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public static TheoryData<string, int> Models
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (string family in RandomTransformer.Families)
                for (int seed = 0; seed < 12; seed++) data.Add(family, seed);
            return data;
        }
    }

    public static TheoryData<string> Families => [.. RandomTransformer.Families];

    private string Path => folder.File("model");

    private string Gguf => folder.File("model.gguf");

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Models))]
    public void Folder_OfAnyLayout_EqualsPlainLoops(string family, int seed)
    {
        using DisposeScope scope = NewDisposeScope();
        TransformerConfig config = RandomTransformer.Config(family, seed);
        using TransformerWeights weights = RandomTransformer.Weights(config, seed);
        var random = new Random(seed);
        new HuggingFaceFolder(family, config)
        {
            HasPrefix = random.Next(2) == 0,
            Layout = (RotaryLayout)(seed % 5),
            HasBuffers = random.Next(2) == 0,
            Shards = random.Next(1, 4),
        }.Write(Path, weights);
        AssertEqualsPlainLoops(Path, family, seed, config, weights);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void GgufFile_EqualsPlainLoops(string family, int seed)
    {
        using DisposeScope scope = NewDisposeScope();
        // GGUF headers do not name the activation: it is that of the family's first models.
        TransformerConfig config = RandomTransformer.Config(family, seed) with { Activation = family switch { "gpt2" => "gelu-tanh", "gpt_neox" => "gelu", _ => "silu" } };
        using TransformerWeights weights = RandomTransformer.Weights(config, seed);
        new GgufModel(family, config) { HasOlderKeys = seed % 2 == 0 }.Write(Gguf, weights);
        AssertEqualsPlainLoops(Gguf, family, seed, config, weights);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void CachedPass_InAnyPieces_EqualsRecomputation(string family, int seed)
    {
        using DisposeScope scope = NewDisposeScope();
        TransformerConfig config = RandomTransformer.Config(family, seed);
        using LanguageModel model = Written(family, config, seed);
        using var cache = new KeyValueCache();
        Tensor tokens = TinyLlama.Tokens(2, 12, seed, config.Vocabulary), whole = model.Forward(tokens);
        var random = new Random(seed);
        for (long start = 0; start < 12; start = cache.Length)
        {
            long count = Math.Min(12 - start, random.Next(1, 5));
            GoldenTensors.AssertRelative(whole.narrow(1, start, count), model.Forward(tokens.narrow(1, start, count), cache), 1e-5, $"positions {start} to {start + count}");
        }
    }

    private LanguageModel Written(string family, TransformerConfig config, int seed)
    {
        new HuggingFaceFolder(family, config).Write(Path, RandomTransformer.Weights(config, seed));
        using ModelFile file = ModelFile.Open(Path);
        return file.Load(ScalarType.Float32, CPU);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void ACache_GoesOnWithTheRowsThatWereChosen(string family, int seed)
    {
        using DisposeScope scope = NewDisposeScope();
        TransformerConfig config = RandomTransformer.Config(family, seed);
        using LanguageModel model = Written(family, config, seed);
        using var cache = new KeyValueCache();
        Tensor tokens = TinyLlama.Tokens(3, 12, seed, config.Vocabulary), whole = model.Forward(tokens);
        model.Forward(tokens.narrow(1, 0, 7), cache);
        cache.Select([2, 0, 2]);
        Tensor chosen = tensor(new long[] { 2, 0, 2 }), next = model.Forward(tokens.narrow(1, 7, 5).index_select(0, chosen), cache);
        GoldenTensors.AssertRelative(whole.narrow(1, 7, 5).index_select(0, chosen), next, 1e-5, "rows 2, 0 and 2");
        Assert.Throws<ArgumentException>(() => model.Forward(tokens.narrow(0, 0, 2).narrow(1, 0, 1), cache));
    }

    [Theory]
    [InlineData("gpt2", ScalarType.Float16)]
    [InlineData("gpt_neox", ScalarType.BFloat16)]
    [InlineData("llama", ScalarType.BFloat16)]
    [InlineData("llama", ScalarType.Float16)]
    public void NarrowWeights_AreWidened(string family, ScalarType dtype)
    {
        using DisposeScope scope = NewDisposeScope();
        TransformerConfig config = RandomTransformer.Config(family, 3);
        using TransformerWeights weights = RandomTransformer.Weights(config, 3);
        new HuggingFaceFolder(family, config) { Dtype = dtype }.Write(Path, weights);
        new HuggingFaceFolder(family, config).Write(folder.File("wide"), Rounded(weights, dtype));
        using ModelFile narrow = ModelFile.Open(Path), wide = ModelFile.Open(folder.File("wide"));
        using LanguageModel a = narrow.Load(ScalarType.Float32, CPU), b = wide.Load(ScalarType.Float32, CPU);
        Tensor tokens = TinyLlama.Tokens(2, 9, 3, config.Vocabulary);
        GoldenTensors.AssertClose(TinyLlama.AllLogits(b, tokens), TinyLlama.AllLogits(a, tokens), 0, "logits");
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Load_LeavesNothingAlive_BesideTheModel(string family)
    {
        TransformerConfig config = RandomTransformer.Config(family, 1);
        using (NewDisposeScope()) new HuggingFaceFolder(family, config).Write(Path, RandomTransformer.Weights(config, 1));
        using ModelFile file = ModelFile.Open(Path);
        Assert.Equal(0, LiveTensors.LeftBy(() =>
        {
            using DisposeScope scope = NewDisposeScope();
            using LanguageModel model = file.Load(ScalarType.BFloat16, CPU);
            return model.Forward(TinyLlama.Tokens(1, 4, 1, config.Vocabulary));
        }));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void MissingWrongAndUnexpectedTensors_AreNamed(string family)
    {
        TransformerConfig config = RandomTransformer.Config(family, 2) with { Layers = 2 };
        using DisposeScope scope = NewDisposeScope();
        using TransformerWeights weights = RandomTransformer.Weights(config, 2);
        var written = new HuggingFaceFolder(family, config);
        written.Write(Path, weights);
        string file = System.IO.Path.Combine(Path, "model.safetensors");
        (string Name, Tensor Value)[] tensors = [.. written.Tensors().Select(t => (t.Name, t.Value(weights).contiguous()))];
        string victim = tensors[5].Name;

        SafetensorsWriter.Write(file, tensors.Where(t => t.Name != victim));
        Assert.Matches($"has no tensor '{victim}'.*: it is not whole, or of another model", Refused());
        SafetensorsWriter.Write(file, tensors.Select(t => t.Name == victim ? (t.Name, zeros(3, 3)) : t));
        Assert.Matches($"has {victim} \\[3, 3\\], but its configuration needs \\[", Refused());
        SafetensorsWriter.Write(file, tensors.Append(("surprise.weight", zeros(2))));
        Assert.Contains("surprise.weight", Refused(), StringComparison.Ordinal);
        SafetensorsWriter.Write(file, tensors);
        new HuggingFaceFolder(family, config with { Layers = config.Layers - 1 }).WriteConfig(Path);
        Assert.Contains($"has more layers than the {config.Layers - 1} of its configuration", Refused(), StringComparison.Ordinal);
    }

    private static void AssertEqualsPlainLoops(string path, string family, int seed, TransformerConfig config, TransformerWeights weights)
    {
        using ModelFile file = ModelFile.Open(path);
        using LanguageModel model = file.Load(ScalarType.Float32, CPU);
        Assert.Equal(family, model.Identity.Architecture);
        Tensor tokens = TinyLlama.Tokens(2, 9, seed, config.Vocabulary), logits = TinyLlama.AllLogits(model, tokens).to(ScalarType.Float64);
        var plain = new PlainTransformer(config, weights);
        for (int row = 0; row < 2; row++)
        {
            double[][] expected = plain.Logits([.. tokens[row].data<long>()]);
            for (int t = 0; t < 9; t++)
                GoldenTensors.AssertRelative(tensor(expected[t]), logits[row][t], 2e-5, $"logits of row {row}, position {t}");
        }
    }

    private string Refused() => Assert.Throws<MxdInputException>(() =>
    {
        using ModelFile file = ModelFile.Open(Path);
        file.CheckWeights();
    }).Message;

    private static TransformerWeights Rounded(TransformerWeights weights, ScalarType dtype)
    {
        Tensor embedding = Round(weights.Embedding)!;
        return new TransformerWeights(
            embedding,
            Round(weights.Positions),
            [.. weights.Blocks.Select(b => new BlockWeights(Norm(b.AttentionNorm), Linear(b.QueryKeyValue), Linear(b.AttentionOut), Norm(b.MlpNorm), Linear(b.MlpIn), Linear(b.MlpOut)))],
            Norm(weights.FinalNorm),
            Round(weights.Unembedding)!,
            null);

        Tensor? Round(Tensor? value) => value?.to(dtype).to(ScalarType.Float32);

        NormWeights Norm(NormWeights norm) => new(Round(norm.Scale)!, Round(norm.Shift));

        LinearWeights Linear(LinearWeights linear) => new(Round(linear.Weight)!, Round(linear.Bias));
    }
}
