using Mxd.Hub;
using Mxd.LanguageModels;
using Mxd.Tests.LanguageModels;
using Mxd.Tests.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Hub;

/// <summary>Of a model's repository, what is needed is downloaded, and no more.</summary>
public sealed class HubModelTests : IDisposable
{
    private const string Repository = "models/owner/tiny";

    private readonly HubScene scene = new();
    private readonly TemporaryFolder folder = new();

    public void Dispose()
    {
        scene.Dispose();
        folder.Dispose();
    }

    [Theory]
    [InlineData("gpt2", 1)]
    [InlineData("gpt_neox", 3)]
    public void Model_OpensFromTheHub_AsFromAFolder(string family, int shards)
    {
        using DisposeScope scope = NewDisposeScope();
        TransformerConfig config = RandomTransformer.Config(family, 1);
        using TransformerWeights weights = RandomTransformer.Weights(config, 1);
        new HuggingFaceFolder(family, config) { Shards = shards }.Write(folder.File("model"), weights);
        scene.Hub.AddFolder(Repository, folder.File("model"));
        scene.Hub.Add(Repository, "pytorch_model.bin", "not needed");
        scene.Hub.Add(Repository, "README.md", "not needed");
        scene.Hub.Add(Repository, "onnx/model.onnx", "not needed");

        using ModelFile hub = ModelFile.OpenFrom("owner/tiny", () => scene.Options, scene.Downloads), local = ModelFile.Open(folder.File("model"));
        using LanguageModel a = hub.Load(ScalarType.Float32, CPU), b = local.Load(ScalarType.Float32, CPU);
        Tensor tokens = TinyLlama.Tokens(1, 5, 1, config.Vocabulary);
        GoldenTensors.AssertClose(TinyLlama.AllLogits(b, tokens), TinyLlama.AllLogits(a, tokens), 0, "logits");
        Assert.Equal(("owner/tiny", local.Identity.WeightsHash), (hub.Identity.Id, hub.Identity.WeightsHash));
        Assert.Equal(Directory.GetFiles(folder.File("model")).Select(Path.GetFileName).Order(), scene.Downloads.Begun.Select(b => b.What).Order());
        Assert.Equal(shards == 1 ? 2 : 5, scene.Downloads.Begun.Count);

        scene.Options = scene.NewOptions(isOffline: true);
        using ModelFile offline = ModelFile.OpenFrom("owner/tiny", () => scene.Options);
        Assert.Equal(local.Identity.WeightsHash, offline.Identity.WeightsHash);
    }

    [Fact]
    public void SingleFile_IsPreferredToShards()
    {
        foreach (string file in new[] { "config.json", "tokenizer.json", "model.safetensors", "model.safetensors.index.json", "model-00001-of-00001.safetensors" })
            scene.Hub.Add(Repository, file, file);
        Fetch();
        Assert.Equal(["config.json", "tokenizer.json", "model.safetensors"], scene.Downloads.Begun.Select(b => b.What));
    }

    [Theory]
    [InlineData("pytorch_model.bin", "Model owner/tiny has no weights in safetensors, the only kind that is read from the hub: name another revision or a repository that has them.")]
    [InlineData("tiny.Q4_0.gguf", "Model owner/tiny has no model.safetensors, but GGUF files: fetch one with 'mxd hub get owner/tiny --file tiny.Q4_0.gguf' and name its path.")]
    public void OtherWeights_AreSaidSo(string file, string expected)
    {
        scene.Hub.Add(Repository, "config.json", "{}");
        scene.Hub.Add(Repository, file, "weights");
        Assert.Equal(expected, scene.Refused(() => Fetch()));
        Assert.DoesNotContain(scene.Hub.Requests, request => request.EndsWith(file, StringComparison.Ordinal));
    }

    [Fact]
    public void RepositoryOfSomethingElse_IsSaidSo()
    {
        scene.Hub.Add(Repository, "model.safetensors", "weights");
        Assert.StartsWith("Model owner/tiny has no config.json", scene.Refused(() => Fetch()), StringComparison.Ordinal);
    }

    [Fact]
    public void IndexThatLeadsElsewhere_IsRefused()
    {
        scene.Hub.Add(Repository, "config.json", "{}");
        scene.Hub.Add(Repository, "model.safetensors.index.json", """{"weight_map":{"w":"../../../x"}}""");
        Assert.Contains("a shard must be a file in the index's own folder", scene.Refused(() => Fetch()), StringComparison.Ordinal);
    }

    [Fact]
    public void ShardThatIsNotThere_IsSaidSo()
    {
        scene.Hub.Add(Repository, "config.json", "{}");
        scene.Hub.Add(Repository, "model.safetensors.index.json", """{"weight_map":{"w":"model-00001-of-00001.safetensors"}}""");
        Assert.StartsWith("Model owner/tiny, file 'model-00001-of-00001.safetensors', does not exist on the hub", scene.Refused(() => Fetch()), StringComparison.Ordinal);
    }

    [Fact]
    public void OfflineWithoutWeights_InPythonsCache_DoesNotBlameTheRepository()
    {
        scene.Hub.Add(Repository, "config.json", "{}");
        scene.Hub.Add(Repository, "model.safetensors", "weights");
        using (var client = new HubClient(scene.Options)) client.Fetch(client.Open(HubKind.Model, new HubId("owner/tiny")), "config.json");
        Directory.Delete(Path.Combine(scene.Cache, "models--owner--tiny", "listings"), recursive: true);
        scene.Options = scene.NewOptions(isOffline: true);
        string message = scene.Refused(() => Fetch());
        Assert.StartsWith("Model owner/tiny is in the cache in part only", message, StringComparison.Ordinal);
        Assert.Contains("unset HF_HUB_OFFLINE", message, StringComparison.Ordinal);
    }

    private string Fetch()
    {
        using var client = new HubClient(scene.Options);
        return HubModel.Fetch(client, new HubId("owner/tiny"), scene.Downloads);
    }
}
