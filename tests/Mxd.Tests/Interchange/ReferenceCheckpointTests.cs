using Mxd.Formats.Pickle;
using Mxd.Interchange;
using Mxd.Layers;
using Mxd.Runtime;
using Mxd.Tests.Layers;
using Mxd.Tests.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Interchange;

public sealed class ReferenceCheckpointTests : IDisposable
{
    private static readonly string[] types =
        ["mxd", "glu-mxd", "skip-mxd", "glu-skip-mxd", "transcoder", "glu-transcoder", "skip-transcoder", "glu-skip-transcoder", "sae"];

    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> Types => [.. types];

    private string Path => folder.File("layer.pt");

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Types))]
    public void Read_ReturnsWhatWasWritten_BitForBit(string type)
    {
        using DisposeScope scope = NewDisposeScope();
        foreach (Sparsity sparsity in new Sparsity[] { new Sparsity.TopK(4), new Sparsity.L1(0.003), new Sparsity.L1(0) })
        {
            using ILayer layer = RandomLayers.Create(Options(type) with { Sparsity = sparsity, UnitNorm = sparsity is Sparsity.TopK }, seed: 1);
            ReferenceCheckpoint.Write(Path, layer, new ReferenceFacts());
            using ReferenceCheckpoint read = ReferenceCheckpoint.Read(Path, CPU);
            Assert.Equal(layer.Options, read.Layer.Options);
            foreach (Parameter parameter in layer.Parameters)
                GoldenTensors.AssertClose(parameter.Value, read.Layer.Parameter(parameter.Key).Value, 0, parameter.Key);
        }
    }

    [Theory]
    [InlineData("relu")]
    [InlineData("gelu")]
    [InlineData("gelu-tanh")]
    [InlineData("sigmoid")]
    public void Write_NamesTheActivation(string activation)
    {
        using ILayer layer = RandomLayers.Create(Options("mxd") with { Activation = activation }, seed: 1);
        ReferenceCheckpoint.Write(Path, layer, new ReferenceFacts());
        using ReferenceCheckpoint read = ReferenceCheckpoint.Read(Path, CPU);
        Assert.Equal(activation, read.Layer.Options.Activation);
    }

    [Theory]
    [InlineData("mxd", "W_enc b_enc W_dec gate gate_bias W_cond b_dec b_dec_out", "")]
    [InlineData("glu-skip-mxd", "W_enc b_enc W_dec gate gate_bias W_cond b_dec b_dec_out W_glu.weight W_glu.bias W_skip.weight", "W_glu W_skip ")]
    [InlineData("glu-transcoder", "W_enc b_enc W_dec b_dec b_dec_out W_glu.weight W_glu.bias", "W_glu ")]
    [InlineData("skip-transcoder", "W_enc b_enc W_dec b_dec b_dec_out W_skip.weight", "W_skip ")]
    [InlineData("sae", "W_enc b_enc W_dec b_dec", "")]
    public void Write_HasThePublishedKeysInTheirOrder(string type, string keys, string modules)
    {
        using ILayer layer = RandomLayers.Create(Options(type), seed: 1);
        ReferenceCheckpoint.Write(Path, layer, new ReferenceFacts());
        using TorchFile file = TorchFile.Open(Path);
        var state = Assert.IsType<PickleOrderedDict>(file.Root["state_dict"].Value);
        Assert.Equal(keys.Split(' '), state.Select(entry => entry.Key.ToString()));
        Assert.Equal(
            $" {modules}hook_sae_in hook_hidden_pre hook_hidden_post hook_sae_out",
            string.Join(' ', ((PickleDict)state.Attributes!["_metadata"]).Select(entry => entry.Key.ToString())));
        Assert.Equal([1L, 6L], file.Root["state_dict"]["W_enc"].ToTensor().Strides);
        Assert.All(state, entry => Assert.Equal(ScalarType.Float32, ((PickleTensor)entry.Value).Dtype));
    }

    [Fact]
    public void Write_SaysWhatIsKnownOfTheOrigin()
    {
        using ILayer layer = RandomLayers.Create(Options("mxd") with { Hidden = 12, Initialisation = LayerInitialisation.Reference }, seed: 1);
        var facts = new ReferenceFacts { ModelName = "gpt2", Input = "blocks.8.ln2.hook_normalized", Output = "blocks.8.hook_mlp_out", ContextLength = 64, TrainedTokens = 480_000_000 };
        ReferenceCheckpoint.Write(Path, layer, facts);
        using (ReferenceCheckpoint read = ReferenceCheckpoint.Read(Path, CPU))
            Assert.Equal(facts with { TrainedTokens = null }, read.Facts with { Config = null });
        using TorchFile file = TorchFile.Open(Path);
        PickleNode config = file.Root["cfg"];
        Assert.Equal(8, config["hook_point_layer"].ToInt64());
        Assert.Equal(8, config["out_hook_point_layer"].ToInt64());
        Assert.Equal(2, config["expansion_factor"].ToInt64());
        Assert.Equal(480_000_000, config["total_training_tokens"].ToInt64());
        Assert.Equal("12-L1-0.0-LR-0.0003-Tokens-4.800e+08", config["run_name"].ToText());
    }

    [Fact]
    public void Write_ReturnsAnUnusedBias_AndFieldsThatAreNotKnownHere()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor bias = RandomLayers.Rows(1, 6, seed: 3)[0];
        bias[2] = -0.0f;
        PickleDict root = Written("mxd");
        State(root)["b_dec"] = PickleTensor.Of(bias);
        Fields(root)["of_a_later_version"] = new PickleTuple(1, 2.5, double.NaN, double.NegativeInfinity, "ä", PickleNone.Value, new PickleDevice("cuda", 1), new PickleGlobal("torch", "bfloat16"));
        Fields(root)["as_a_list"] = new PickleList(true, 1e300, 3.0);
        TorchFileWriter.Write(Path, root);
        using ReferenceCheckpoint read = ReferenceCheckpoint.Read(Path, CPU);
        ReferenceCheckpoint.Write(folder.File("again.pt"), read.Layer, read.Facts);
        using TorchFile again = TorchFile.Open(folder.File("again.pt"));
        using Tensor written = again.Root["state_dict"]["b_dec"].ToTensor().Read();
        Assert.Equal(bias.bytes.ToArray(), written.bytes.ToArray());
        Assert.Equal(
            ["1", "2.5", "NaN", "-Infinity", "ä", "None", "cuda:1", "torch.bfloat16"],
            Enumerable.Range(0, 8).Select(i => again.Root["cfg"]["of_a_later_version"][i].Value.ToString()));
        Assert.Equal(["True", "1E+300", "3"], Enumerable.Range(0, 3).Select(i => again.Root["cfg"]["as_a_list"][i].Value.ToString()));
        Assert.IsType<PickleFloat>(again.Root["cfg"]["as_a_list"][2].Value);
    }

    [Fact]
    public void Write_MakesAnewConfiguration_WhereTheLayerIsNoLongerWhatTheOldOneSays()
    {
        using ILayer layer = RandomLayers.Create(Options("mxd"), seed: 1), other = RandomLayers.Create(Options("mxd") with { Sparsity = new Sparsity.TopK(2) }, seed: 1);
        ReferenceCheckpoint.Write(Path, layer, new ReferenceFacts { ModelName = "gpt2" });
        string? config;
        using (ReferenceCheckpoint read = ReferenceCheckpoint.Read(Path, CPU)) config = read.Facts.Config;
        ReferenceCheckpoint.Write(Path, other, new ReferenceFacts { Config = config, ModelName = "another" });
        using ReferenceCheckpoint again = ReferenceCheckpoint.Read(Path, CPU);
        Assert.Equal((new Sparsity.TopK(2), "another"), (again.Layer.Options.Sparsity, again.Facts.ModelName));
    }

    [Fact]
    public void Write_RefusesWhatThePublishedCodeHasNoFormFor()
    {
        LayerOptions mxd = Options("mxd"), sae = Options("sae"), skip = Options("skip-mxd");
        Assert.Contains("has the types mxd, glu-mxd", Why(RandomLayers.Options("dense", 9, 4)), StringComparison.Ordinal);
        Assert.Contains("has the types mxd, glu-mxd", Why(RandomLayers.Options("linear", 9, 4)), StringComparison.Ordinal);
        Assert.Contains("no such choice (K = 4 on average)", Why(mxd with { Sparsity = new Sparsity.BatchTopK(4) }), StringComparison.Ordinal);
        Assert.Contains("no such choice", Why(mxd with { Sparsity = new Sparsity.JumpRelu(0) }), StringComparison.Ordinal);
        Assert.Contains("no such choice", Why(mxd with { Sparsity = new Sparsity.GroupMax(3) }), StringComparison.Ordinal);
        Assert.Contains("no activation silu, only relu, gelu, gelu_pytorch_tanh, sigmoid", Why(mxd with { Activation = "silu" }), StringComparison.Ordinal);
        Assert.Contains("take their bias from the input", Why(sae with { SubtractsInputBias = false }), StringComparison.Ordinal);
        Assert.Contains("neither normalises", Why(sae with { Normalisation = InputNormalisation.LayerNorm }), StringComparison.Ordinal);
        Assert.Contains("neither normalises", Why(sae with { RescaleByDecoderNorm = true }), StringComparison.Ordinal);
        Assert.Contains("skip connection is square, and this one has [5, 6]", Why(skip with { OutputWidth = 5 }), StringComparison.Ordinal);
        Assert.Null(ReferenceCheckpoint.WhyNotWritable(mxd with { AuxK = new AuxiliaryLoss { Coefficient = 0.03 } }));
        Assert.Null(ReferenceCheckpoint.WhyNotWritable(mxd with { OutputWidth = 5 }));
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void Read_TakesTheTypeFromTheFile_AndNotFromItsName()
    {
        using ILayer layer = RandomLayers.Create(Options("sae"), seed: 1);
        string misnamed = folder.File("skip-transcoder-conditional_True.bin");
        ReferenceCheckpoint.Write(misnamed, layer, new ReferenceFacts { Output = "blocks.1.hook_mlp_out", Input = "blocks.1.hook_mlp_out" });
        using ReferenceCheckpoint read = ReferenceCheckpoint.Read(misnamed, CPU);
        Assert.Equal("sae", read.Layer.Options.Type);
        Assert.Equal(("blocks.1.hook_mlp_out", "blocks.1.hook_mlp_out"), (read.Facts.Input, read.Facts.Output));
        Assert.True(ReferenceCheckpoint.Recognises(misnamed));
        Assert.False(ReferenceCheckpoint.Recognises(folder.Path));
        Assert.False(ReferenceCheckpoint.Recognises(folder.File("absent.pt")));
        File.WriteAllText(folder.File("cfg.json"), "{}");
        Assert.False(ReferenceCheckpoint.Recognises(folder.File("cfg.json")));
    }

    [Theory]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.BFloat16)]
    public void Read_MakesFloat32OfOtherFloats(ScalarType dtype)
    {
        using DisposeScope scope = NewDisposeScope();
        PickleDict root = Written("transcoder");
        Tensor biases = RandomLayers.Rows(1, 9, seed: 2)[0].to(dtype);
        State(root)["b_enc"] = PickleTensor.Of(biases);
        TorchFileWriter.Write(Path, root);
        using ReferenceCheckpoint read = ReferenceCheckpoint.Read(Path, CPU);
        GoldenTensors.AssertClose(biases.to(ScalarType.Float32), read.Layer.Parameter("b_enc").Value, 0, "b_enc");
    }

    [Fact]
    public void Read_RefusesFloatsThatFloat32DoesNotHold()
    {
        using DisposeScope scope = NewDisposeScope();
        PickleDict root = Written("transcoder");
        State(root)["b_enc"] = PickleTensor.Of(RandomLayers.Rows(1, 9, seed: 2)[0].to(ScalarType.Float64));
        TorchFileWriter.Write(Path, root);
        Assert.Contains("b_enc is of type Float64", Assert.Throws<MxdInputException>(() => ReferenceCheckpoint.Read(Path, CPU)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_LeavesOutWhatConcernsTrainingAlone()
    {
        using DisposeScope scope = NewDisposeScope();
        PickleDict root = Written("transcoder");
        foreach (string flag in new[] { "topk_aux_loss", "is_sparse_connection", "use_ghost_grads" }) Fields(root)[flag] = true;
        Fields(root)["d_out"] = PickleNone.Value;
        TorchFileWriter.Write(Path, root);
        using ReferenceCheckpoint read = ReferenceCheckpoint.Read(Path, CPU);
        Assert.Equal(Options("transcoder"), read.Layer.Options);
    }

    [Fact]
    public void Read_TakesAnAutoencodersOutputWidthFromItsInput()
    {
        using DisposeScope scope = NewDisposeScope();
        PickleDict root = Written("sae");
        Fields(root)["d_out"] = 17;
        TorchFileWriter.Write(Path, root);
        using ReferenceCheckpoint read = ReferenceCheckpoint.Read(Path, CPU);
        Assert.Equal(6, read.Layer.Options.OutputWidth);
    }

    [Fact]
    public void Read_RefusesTensorsThatAreNotThoseOfTheConfiguration()
    {
        using DisposeScope scope = NewDisposeScope();
        Refused("has no tensor 'gate' in its state_dict, but its cfg makes it a layer of type 'mxd', which has one", root => root["state_dict"] = Without(State(root), "gate"));
        Refused("has no tensor 'b_dec' in its state_dict", root => root["state_dict"] = Without(State(root), "b_dec"));
        Refused("has 'W_skip.weight' in its state_dict, but its cfg makes it a layer of type 'mxd', which has no such tensor", root => State(root)["W_skip.weight"] = PickleTensor.Of(zeros(6, 6)));
        Refused("its cfg says n_experts is 9, but gate is [8, 6] in its state_dict", root => State(root)["gate"] = PickleTensor.Of(zeros(8, 6)));
        Refused("its cfg says d_sae is 1000000000000, but W_enc is [6, 7] in its state_dict", root => Fields(root)["d_sae"] = 1_000_000_000_000);
        Refused("b_enc is [7, 1] in its state_dict, but its cfg gives it the sizes [d_sae = 7]", root => State(root)["b_enc"] = PickleTensor.Of(zeros(7, 1)));
        Refused("b_enc is of type Int64", root => State(root)["b_enc"] = PickleTensor.Of(zeros(7, dtype: ScalarType.Int64)));
        Refused("b_enc has 7 values that are NaN or infinite", root => State(root)["b_enc"] = PickleTensor.Of(full(7, double.NaN)));
        Refused("'state_dict.b_enc' is the int 1, but a tensor is needed there", root => State(root)["b_enc"] = 1);
    }

    [Fact]
    public void Read_RefusesAConfigurationThatNamesNoLayer()
    {
        using DisposeScope scope = NewDisposeScope();
        Refused("topk is 0 in the reference configuration", root => Fields(root)["topk"] = 0);
        Refused("K is 10, more than the 9 units there are", root => Fields(root)["topk"] = 10);
        Refused("mlp_activation_fn is 'swish'; relu, gelu, gelu_pytorch_tanh, sigmoid, silu are known", root => Fields(root)["mlp_activation_fn"] = "swish");
        Refused("use_conditional is True in a reference configuration of an SAE", root => Fields(root)["is_transcoder"] = false);
        Refused("norm_dec is 'None' in the reference configuration; True or False is expected", root => Fields(root)["norm_dec"] = PickleNone.Value);
        Refused("has no 'topk'", root => ((PickleRecord)root["cfg"]).Fields = Without(Fields(root), "topk"));
        Refused("its cfg is the int 1, where an instance of LanguageModelSAERunnerConfig is expected", root => root["cfg"] = 1);
        Refused("more than 1048576 values and characters", root => Fields(root)["custom_name"] = new string('x', 1 << 20));
        var texts = new PickleTuple([.. Enumerable.Repeat((PickleValue)new string('x', 1 << 12), 1 << 9)]);
        Refused("more than 1048576 values and characters", root => Fields(root)["custom_name"] = texts);
        Refused("the saved value has no 'state_dict'", Without(Written("mxd"), "state_dict"));
    }

    [Fact]
    public void Read_ReportsAKeptConfigurationThatWasDamaged()
    {
        using ILayer layer = RandomLayers.Create(Options("mxd"), seed: 1);
        foreach (string config in new[] { "", "1", "{}", "{\"fields\":{\"a\":{\"dtype\":\"os\"}}}", "{\"fields\":{\"a\":{}}}", "{\"fields\":{},\"b_dec\":[\"x\"]}", "{\"fields\":{\"a\":99999999999999999999}}" })
        {
            string message = Assert.Throws<MxdInputException>(() => ReferenceCheckpoint.Write(Path, layer, new ReferenceFacts { Config = config })).Message;
            Assert.StartsWith($"The configuration kept for {Path} cannot be read: ", message, StringComparison.Ordinal);
            Assert.DoesNotContain(message, char.IsControl);
        }
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void ReadLogFrequencies_RefusesALayer()
    {
        using ILayer layer = RandomLayers.Create(Options("mxd"), seed: 1);
        ReferenceCheckpoint.Write(Path, layer, new ReferenceFacts());
        Assert.Contains("holds a dict of 2, where one tensor of firing frequencies is expected", Assert.Throws<MxdInputException>(() => ReferenceCheckpoint.ReadLogFrequencies(Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_LeavesTheParametersAlive_AndNothingElse()
    {
        using ILayer layer = RandomLayers.Create(Options("mxd"), seed: 1);
        Assert.Equal(0, LiveTensors.LeftBy(() =>
        {
            ReferenceCheckpoint.Write(Path, layer, new ReferenceFacts());
            return 0;
        }));
        Assert.Equal(7, LiveTensors.LeftBy(() => ReferenceCheckpoint.Read(Path, CPU)));
    }

    private static LayerOptions Options(string type) => RandomLayers.Options(type, 9, 4) with { OutputWidth = 6 };

    private string Why(LayerOptions options)
    {
        using ILayer layer = RandomLayers.Create(options, seed: 1);
        string why = ReferenceCheckpoint.WhyNotWritable(options)!;
        Assert.Equal($"A layer of type '{options.Type}' cannot be written as {Path}: {why}.", Assert.Throws<MxdInputException>(() => ReferenceCheckpoint.Write(Path, layer, new ReferenceFacts())).Message);
        return why;
    }

    /// <summary>The value of a written checkpoint, to be changed; its tensors live as long as the caller's dispose scope.</summary>
    /// <summary>relu((x - b_dec) W_enc + b_enc) W_dec + b_dec_out, of files whose configuration knows nothing of mixtures.</summary>
    [Fact]
    public void Read_OfATranscoderBeforeMixtures_TakesItsBiasFromTheInput_AndWritesItBack()
    {
        using DisposeScope scope = NewDisposeScope();
        PickleDict root = Older("transcoder", out Tensor[] parts);
        (Tensor encoder, Tensor bias, Tensor decoder, Tensor input, Tensor output) = (parts[0], parts[1], parts[2], parts[3], parts[4]);
        TorchFileWriter.Write(Path, root);

        using ReferenceCheckpoint read = ReferenceCheckpoint.Read(Path, CPU);

        Assert.Equal(("transcoder", "relu", new Sparsity.L1(0.003)), (read.Layer.Options.Type, read.Layer.Options.Activation, read.Layer.Options.Sparsity));
        Tensor x = RandomLayers.Rows(9, read.Layer.Options.InputWidth, seed: 4);
        Tensor expected = matmul((matmul(x - input, encoder) + bias).relu(), decoder) + output;
        GoldenTensors.AssertClose(expected, read.Layer.Forward(x), 1e-5, "output");
        ReferenceCheckpoint.Write(folder.File("back.pt"), read.Layer, read.Facts);
        using TorchFile back = TorchFile.Open(folder.File("back.pt"));
        GoldenTensors.AssertClose(bias, back.Root["state_dict"]["b_enc"].ToTensor().Read(), 1e-6, "b_enc");
        GoldenTensors.AssertClose(input, back.Root["state_dict"]["b_dec"].ToTensor().Read(), 0, "b_dec");
        Assert.False(((PickleRecord)back.Root["cfg"].Value).Fields.TryGet("use_conditional", out _));
    }

    /// <summary>A checkpoint without the flags that came with mixtures, its biases not zero: W_enc, b_enc, W_dec, b_dec, b_dec_out as stored.</summary>
    private static PickleDict Older(string type, out Tensor[] parts)
    {
        using ILayer layer = RandomLayers.Create(Options(type) with { Sparsity = new Sparsity.L1(0.003), UnitNorm = true, Activation = "relu" }, seed: 1);
        Tensor input = RandomLayers.Rows(1, layer.Options.InputWidth, seed: 2)[0].clone();
        ReferenceHeader header = new("", ReferenceDefaults.Fields(layer.Options, new ReferenceFacts()), null);
        var fields = (PickleDict)header.Instance.Fields;
        foreach (string flag in new[] { "use_conditional", "use_glu", "use_skip", "norm_dec", "topk", "mlp_activation_fn" }) fields = Without(fields, flag);
        parts = [.. new[] { "W_enc", "b_enc", "W_dec" }.Select(key => layer.Parameter(key).AsStored().clone()), input, layer.Parameter("b_dec_out").Value.clone()];
        return new PickleDict
        {
            ["cfg"] = new ReferenceHeader("", fields, null).Instance,
            ["state_dict"] = new ReferenceTensors(layer.Options).Write(layer, input.data<float>().ToArray()),
        };
    }

    private static PickleDict Written(string type)
    {
        ILayer layer = RandomLayers.Create(Options(type), seed: 1);
        return new PickleDict
        {
            ["cfg"] = new PickleRecord(new PickleGlobal("sae_training.config", "LanguageModelSAERunnerConfig")) { Fields = ReferenceDefaults.Fields(layer.Options, new ReferenceFacts()) },
            ["state_dict"] = new ReferenceTensors(layer.Options).Write(layer, null),
        };
    }

    private void Refused(string rule, Action<PickleDict> change)
    {
        PickleDict root = Written("mxd");
        change(root);
        Refused(rule, root);
    }

    private void Refused(string rule, PickleDict root)
    {
        TorchFileWriter.Write(Path, root);
        string message = Assert.Throws<MxdInputException>(() => ReferenceCheckpoint.Read(Path, CPU)).Message;
        Assert.StartsWith(Path, message, StringComparison.Ordinal);
        Assert.Contains(rule, message, StringComparison.Ordinal);
        Assert.DoesNotContain(message, char.IsControl);
    }

    private static PickleDict Without(PickleDict dict, string key)
    {
        var others = new PickleDict();
        foreach ((PickleValue name, PickleValue value) in dict.Where(entry => entry.Key.ToString() != key)) others.Add(name, value);
        return others;
    }

    private static PickleDict Fields(PickleDict root) => ((PickleRecord)root["cfg"]).Fields;

    private static PickleOrderedDict State(PickleDict root) => (PickleOrderedDict)root["state_dict"];
}
