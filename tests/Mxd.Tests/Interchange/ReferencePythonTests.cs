using Mxd.Interchange;
using Mxd.Layers;
using Mxd.Tests.Formats.Pickle;
using Mxd.Tests.Layers;
using Mxd.Tests.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Interchange;

/// <summary>Checkpoints written here as Python reads them: with torch where it is installed, and everywhere with the standard library.</summary>
public sealed class ReferencePythonTests : IDisposable
{
    /// <summary>Prints the configuration, then each tensor's name, sizes and the bits of its values in the order of its indices.</summary>
    private const string Show = """
        def show(root, values):
            assert type(root) is dict and list(root) == ["cfg", "state_dict"]
            for name, value in vars(root["cfg"]).items(): print(name, type(value).__name__, value)
            for key, tensor in root["state_dict"].items(): print(key, *values(tensor))
            print(*(f"{module}:{entry['version']}" for module, entry in root["state_dict"]._metadata.items()))
        """;

    private const string Unpickle = Show + """

        import collections, io, itertools, pickle, struct, sys, types, zipfile
        archive = zipfile.ZipFile(sys.argv[1])
        assert archive.testzip() is None
        folder = archive.namelist()[0].split("/")[0]
        Config = type("LanguageModelSAERunnerConfig", (), {})
        class Device(str): pass
        class Dtype(str): pass
        known = {("sae_training.config", "LanguageModelSAERunnerConfig"): Config, ("collections", "OrderedDict"): collections.OrderedDict,
            ("torch", "device"): Device, ("torch", "float32"): Dtype("torch.float32"), ("torch", "FloatStorage"): "float",
            ("torch._utils", "_rebuild_tensor_v2"): lambda *a: a}
        class Unpickler(pickle.Unpickler):
            def find_class(self, module, name): return known[module, name]
            def persistent_load(self, id):
                kind, type, key, location, count = id
                data = archive.read(f"{folder}/data/{key}")
                assert (kind, type, location, len(data)) == ("storage", "float", "cpu", 4 * count)
                return struct.unpack(f"<{count}I", data)
        def values(tensor):
            storage, offset, sizes, strides, requires_grad, hooks = tensor
            assert not requires_grad and not hooks
            places = (offset + sum(i * s for i, s in zip(index, strides)) for index in itertools.product(*map(range, sizes)))
            return [sizes] + [f"{storage[place]:08x}" for place in places]
        show(Unpickler(io.BytesIO(archive.read(folder + "/data.pkl"))).load(), values)
        """;

    private const string LoadWithTorch = Show + """

        import struct, sys, types
        import torch
        class LanguageModelSAERunnerConfig: pass
        LanguageModelSAERunnerConfig.__module__ = "sae_training.config"
        sys.modules["sae_training"], sys.modules["sae_training.config"] = types.ModuleType("sae_training"), types.ModuleType("sae_training.config")
        sys.modules["sae_training.config"].LanguageModelSAERunnerConfig = LanguageModelSAERunnerConfig
        def values(tensor):
            assert tensor.dtype == torch.float32
            return [tuple(tensor.shape)] + [f"{struct.unpack('<I', struct.pack('<f', value))[0]:08x}" for value in tensor.flatten().tolist()]
        show(torch.load(sys.argv[1], weights_only=False), values)
        """;

    private static readonly ReferenceFacts facts = new()
    {
        ModelName = "gpt2",
        Input = "blocks.8.ln2.hook_normalized",
        Output = "blocks.8.hook_mlp_out",
        ContextLength = 128,
        TrainedTokens = 1 << 20,
    };

    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> Types => [.. ReferenceCheckpoint.Types];

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Types))]
    public void Write_IsReadByPythonsOwnUnpickler(string type) => AssertReadAs(type, Unpickle, device: "Device cpu", dtype: "Dtype torch.float32");

    [Theory]
    [MemberData(nameof(Types))]
    public void Write_IsLoadedByTorch(string type)
    {
        Python.RequireTorch("checkpoints are read with the standard library's unpickler");
        AssertReadAs(type, LoadWithTorch, device: "device cpu", dtype: "dtype torch.float32");
    }

    private void AssertReadAs(string type, string script, string device, string dtype)
    {
        using DisposeScope scope = NewDisposeScope();
        using ILayer layer = RandomLayers.Create(RandomLayers.Options(type, 9, 4) with { OutputWidth = 6 }, seed: 1);
        string path = folder.File("layer.pt");
        ReferenceCheckpoint.Write(path, layer, facts);
        string[] lines = Python.Run(script, path).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        foreach (string expected in new[]
        {
            "model_name str gpt2", "hook_point_layer int 8", "hook_point_head_index NoneType None", $"device {device}", $"dtype {dtype}", "d_in int 6",
            $"is_transcoder bool {type != "sae"}", "use_ghost_grads tuple (False,)", "topk int 4", "l1_coefficient float 0.0",
            $"use_conditional bool {layer.Options.Hidden is not null}", "norm_dec bool True", "total_training_tokens int 1048576",
        }) Assert.Contains(expected, lines);
        foreach (Parameter parameter in layer.Parameters)
        {
            Tensor stored = parameter.AsStored();
            string sizes = string.Join(", ", stored.shape) + (stored.dim() == 1 ? "," : "");
            string bits = string.Join(' ', stored.contiguous().data<float>().ToArray().Select(value => BitConverter.SingleToUInt32Bits(value).ToString("x8")));
            Assert.Contains($"{parameter.Key} ({sizes}) {bits}", lines);
        }
        if (type != "sae") Assert.Contains("b_dec (6,) " + string.Join(' ', Enumerable.Repeat("00000000", 6)), lines);
        Assert.StartsWith(":1 ", lines[^1], StringComparison.Ordinal);
        Assert.EndsWith("hook_sae_in:1 hook_hidden_pre:1 hook_hidden_post:1 hook_sae_out:1", lines[^1], StringComparison.Ordinal);
    }
}
