using Mxd.Formats;
using Mxd.Formats.Pickle;
using Mxd.Tests.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Formats.Pickle;

/// <summary>Checkpoints that the published implementation saved.</summary>
[Trait("Category", "Golden")]
public sealed class CheckpointGoldenTests : IDisposable
{
    private const string Sparsity = "_log_feature_sparsity";

    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> Files => TestFiles.FindGolden("checkpoints", "*.pt");

    public static TheoryData<string> Layers => [.. Files.Select(row => row.Data).Where(name => !name.EndsWith(Sparsity, StringComparison.Ordinal))];

    public static TheoryData<string> Sparsities => [.. Files.Select(row => row.Data).Where(name => name.EndsWith(Sparsity, StringComparison.Ordinal))];

    public void Dispose() => folder.Dispose();

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Layers))]
    public void Read_GivesTheTensorsThatTheActivationsFollowFrom(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using TorchFile file = TorchFile.Open(TestFiles.GoldenPath(name, ".pt"));
        using SafetensorsFile golden = SafetensorsFile.Open(TestFiles.GoldenPath(name, ".io.safetensors"));
        PickleNode config = file.Root["cfg"], weights = file.Root["state_dict"];
        bool mixture = config["use_conditional"].ToBoolean();
        Tensor encoder = mixture ? weights["gate"].ToTensor().Read().t() : weights["W_enc"].ToTensor().Read();
        Tensor bias = weights[mixture ? "gate_bias" : "b_enc"].ToTensor().Read();
        Assert.Equal([config["d_in"].ToInt64(), config[mixture ? "n_experts" : "d_sae"].ToInt64()], encoder.shape);
        Tensor acts = golden.Read("acts");
        Tensor all = (golden.Read("x").matmul(encoder) + bias).relu();
        GoldenTensors.AssertClose(acts, where(acts > 0, all, zeros_like(all)), 1e-5, name);
        Assert.Equal(config["topk"].ToInt64() * acts.shape[0], (acts > 0).sum().item<long>());
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Layers))]
    public void Open_ReadsTheConfigurationAsFieldsOfAnInstance(string name)
    {
        using TorchFile file = TorchFile.Open(TestFiles.GoldenPath(name, ".pt"));
        PickleNode config = file.Root["cfg"];
        Assert.Equal("sae_training.config.LanguageModelSAERunnerConfig", Assert.IsType<PickleRecord>(config.Value).Type.ToString());
        Assert.Equal("torch.float32", Assert.IsType<PickleGlobal>(config["dtype"].Value).ToString());
        Assert.Equal("cpu", Assert.IsType<PickleDevice>(config["device"].Value).ToString());
        Assert.False(config["use_ghost_grads"][0].ToBoolean());
        Assert.True(Assert.IsType<PickleOrderedDict>(file.Root["state_dict"].Value).Attributes!.TryGet("_metadata", out _));
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Sparsities))]
    public void Open_ReadsABareTensor(string name)
    {
        using TorchFile file = TorchFile.Open(TestFiles.GoldenPath(name, ".pt"));
        using Tensor frequencies = file.Root.ToTensor().Read();
        Assert.Equal(1, frequencies.dim());
        Assert.True((frequencies <= 0).all().item<bool>(), "Logarithms of frequencies are at most 0.");
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Files))]
    public void Write_GivesTheSameBytes(string name)
    {
        string path = TestFiles.GoldenPath(name, ".pt"), copy = folder.File(Path.GetFileName(path));
        using TorchFile file = TorchFile.Open(path);
        TorchFileWriter.Write(copy, file.Root.Value);
        Assert.Equal(File.ReadAllBytes(path), File.ReadAllBytes(copy));
    }
}
