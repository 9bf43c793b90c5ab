using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mxd.LanguageModels;
using Mxd.LanguageModels.Families;
using Mxd.Runtime;
using Mxd.Tests.Formats;
using Mxd.Tests.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.LanguageModels;

public sealed class ModelFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private string Path => folder.File("tiny.gguf");

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Load_GivesTheModelThatWasWritten()
    {
        using DisposeScope scope = NewDisposeScope();
        TinyGguf.Write(Path);
        using ModelFile file = ModelFile.Open(Path);
        using LanguageModel loaded = file.Load(ScalarType.Float32, CPU);
        using LlamaModel model = TinyLlama.Create();
        Tensor tokens = TinyLlama.Tokens(2, 9, seed: 1);
        GoldenTensors.AssertClose(TinyLlama.AllLogits(model, tokens), TinyLlama.AllLogits(loaded, tokens), 0, "logits");
        Assert.Equal(
            TinyLlama.Identity(TinyLlama.Config) with { Id = Path, TokenizerHash = "", WeightsHash = "" },
            file.Identity with { TokenizerHash = "", WeightsHash = "" });
    }

    [Fact]
    public void ParameterCount_IsThatOfTheModelsTensors()
    {
        using DisposeScope scope = NewDisposeScope();
        TinyGguf.Write(Path);
        using ModelFile file = ModelFile.Open(Path);
        using TransformerWeights weights = TinyLlama.Weights(TinyLlama.Config, 1, ScalarType.Float32);
        long count = weights.Embedding.numel() + weights.Unembedding.numel() + weights.FinalNorm.Scale.numel()
            + weights.Blocks.Sum(b => b.All.Sum(t => t?.numel() ?? 0));
        Assert.Equal(count, file.Config.ParameterCount);
    }

    [Fact]
    public void WeightsHash_TellsOtherWeightsApart_AndTheTokenizersDoesNot()
    {
        TinyGguf.Write(Path);
        TinyGguf.Write(folder.File("other.gguf"), seed: 2);
        using ModelFile file = ModelFile.Open(Path), other = ModelFile.Open(folder.File("other.gguf"));
        Assert.NotEqual(file.Identity.WeightsHash, other.Identity.WeightsHash);
        Assert.Equal(file.Identity.TokenizerHash, other.Identity.TokenizerHash);
    }

    [Fact]
    public void WeightFiles_AreHashed_OnlyWhenTheirHashIsAskedFor()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There an open file cannot be deleted.");
        TinyGguf.Write(Path);
        using ModelFile file = ModelFile.Open(Path);
        File.Delete(Path);
        using LanguageModel model = file.Load(ScalarType.Float32, CPU);
        Assert.Equal(3, model.Identity.Layers);
        string message = Assert.Throws<MxdInputException>(() => model.Identity.WeightsHash).Message;
        Assert.StartsWith($"{Path} cannot be read for its hash (", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Identity_IsEqualToItsJson()
    {
        TinyGguf.Write(Path);
        using ModelFile file = ModelFile.Open(Path);
        string json = JsonSerializer.Serialize(file.Identity);
        Assert.Equal(file.Identity, JsonSerializer.Deserialize<ModelIdentity>(json));
        Assert.Equal(
            ["Id", "Architecture", "Layers", "Width", "MlpWidth", "Vocabulary", "ContextLength", "TokenizerHash", "WeightsHash"],
            JsonNode.Parse(json)!.AsObject().Select(property => property.Key));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path))), file.Identity.WeightsHash);
        Assert.NotEqual(file.Identity, file.Identity with { WeightsHash = "other" });
    }

    [Fact]
    public void Load_RefusesATensorThatItWouldIgnore()
    {
        TinyGguf.Write(Path, more: file => file.Tensor("blk.0.attn_q_norm.weight", [24], 0, new byte[96]));
        using ModelFile file = ModelFile.Open(Path);
        Assert.Contains("blk.0.attn_q_norm.weight", Assert.Throws<MxdInputException>(() => file.Load(ScalarType.Float32, CPU)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_LeavesNothingAlive_BesideTheModel()
    {
        TinyGguf.Write(Path);
        using ModelFile file = ModelFile.Open(Path);
        Assert.Equal(0, LiveTensors.LeftBy(() =>
        {
            using LanguageModel model = file.Load(ScalarType.BFloat16, CPU);
            return model;
        }));
    }

    [Fact]
    public void Open_RefusesAnotherArchitecture_AndAnotherKindOfFile()
    {
        File.WriteAllBytes(Path, new GgufBuilder().Text("general.architecture", "mamba").Build());
        Assert.Contains("'mamba'", Assert.Throws<MxdInputException>(() => ModelFile.Open(Path)).Message, StringComparison.Ordinal);
        Assert.Contains("./no-such-folder does not exist", Assert.Throws<MxdInputException>(() => ModelFile.Open("./no-such-folder")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(3)]
    public void CheckLayer_NamesTheLayersThereAre(int layer)
    {
        TinyGguf.Write(Path);
        using ModelFile file = ModelFile.Open(Path);
        string message = Assert.Throws<MxdInputException>(() => file.CheckLayer(layer)).Message;
        Assert.Equal($"--layer is {layer}, but {Path} has 3 layers: choose one from 0 to 2.", message);
        Assert.Equal(2, file.CheckLayer(2));
    }
}
