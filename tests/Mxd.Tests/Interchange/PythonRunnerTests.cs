using System.Text.Json;
using System.Text.RegularExpressions;
using Mxd.Formats;
using Mxd.Interchange;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Runtime;
using Mxd.Tests.Formats.Pickle;
using Mxd.Tests.Layers;
using Mxd.Tests.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Interchange;

/// <summary>The Python file against this library's own layers: with torch where it is installed, and everywhere with a stand-in for it.</summary>
public sealed partial class PythonRunnerTests : IDisposable
{
    private const long Tokens = 4;

    /// <summary>Runs the copy of the file that lies in each folder on the <c>x.json</c> beside it.</summary>
    private const string RunScript = """
        import importlib.util, json, os, sys
        sys.dont_write_bytecode = True
        root, stub = sys.argv[1:]
        if stub: exec(compile(open(stub).read(), stub, "exec"), {})
        import torch
        results = {}
        for name in os.listdir(root):
            folder = os.path.join(root, name)
            spec = importlib.util.spec_from_file_location("mxd_layer", os.path.join(folder, "mxd_layer.py"))
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            x = torch.tensor(json.load(open(os.path.join(folder, "x.json"))))
            layer = module.Layer()
            a = layer.encode(x)
            y = layer.decode(a, x).tolist()
            assert y == module.Layer(folder)(x).tolist() == module.Layer(os.path.join(folder, "layer.safetensors"))(x).tolist()
            results[name] = {"a": a.tolist(), "y": y}
        print(json.dumps(results))
        """;

    private static readonly LayerOrigin origin = new(
        new ModelIdentity("m.gguf", "llama", 3, 12, 20, 37, 64, "tok", "w"), "blocks.1.ln2.hook_normalized", "blocks.1.hook_mlp_out", 128, "float32", 4096);

    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> Types => RandomLayers.Types;

    private static string Stub => Path.Combine(TestFiles.Root, "tests", "Mxd.Tests", "Interchange", "torch_stub.py");

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Types))]
    public void File_GivesTheLayersOwnResults_WithAStandInForTorch(string type) => AssertSame(type, Stub);

    [Theory]
    [MemberData(nameof(Types))]
    public void File_GivesTheLayersOwnResults_WithTorch(string type)
    {
        Python.RequireTorch("the file is tested with a stand-in for it");
        AssertSame(type, stub: "");
    }

    [Fact]
    public void File_IsShort_AndNeedsNothingButTorch()
    {
        string[] lines = PythonRunner.Source.Split('\n');
        Assert.InRange(lines.Length, 20, 79);
        Assert.DoesNotContain(lines, line => line.Length > 160);
        string[] imported = [.. lines.SelectMany(line => Import().Match(line).Groups["names"].Value.Split(", ", StringSplitOptions.RemoveEmptyEntries))];
        Assert.Equal(["functools", "json", "os", "struct", "torch", "torch.nn.functional as F"], imported);
    }

    [Fact]
    public void File_IsPython()
    {
        PythonRunner.WriteInto(folder.Path);
        Python.Run("import ast, sys; ast.parse(open(sys.argv[1]).read())", folder.File(PythonRunner.FileName));
    }

    [Fact]
    public void File_RefusesAKindOfLayerItDoesNotKnow()
    {
        Assert.All(Types.Select(row => row.Data), type => Assert.True(PythonRunner.Runs(RandomLayers.Options(type, 12, 3)), type));
        LayerOptions other = RandomLayers.Options("mxd", 12, 3) with { Type = "moe" };
        Assert.False(PythonRunner.Runs(other));
        using ILayer layer = RandomLayers.Create(RandomLayers.Options("mxd", 12, 3), seed: 1);
        string header = JsonSerializer.Serialize(new SavedLayer(other, origin), Json.Compact);
        SafetensorsWriter.Write(
            folder.File(NativeLayer.FileName), layer.Parameters.Select(p => (p.Key, p.AsStored())), new Dictionary<string, string> { ["layer"] = header });
        PythonRunner.WriteInto(folder.Path);
        string error = Python.Run(
            """
            import sys
            exec(open(sys.argv[2]).read(), {})
            sys.dont_write_bytecode = True
            sys.path.insert(0, sys.argv[1])
            import mxd_layer
            try: mxd_layer.Layer()
            except ValueError as error: print(error)
            """,
            folder.Path,
            Stub);
        Assert.Contains("a layer of type moe, which is not known", error, StringComparison.Ordinal);
    }

    /// <summary>Every variant of the type in one process of Python.</summary>
    private void AssertSame(string type, string stub)
    {
        using DisposeScope scope = NewDisposeScope();
        var expected = new Dictionary<string, (Tensor A, Tensor Y)>();
        foreach (LayerOptions options in Variants(type))
        {
            string name = $"{expected.Count}", path = folder.File(name);
            Directory.CreateDirectory(path);
            using ILayer layer = RandomLayers.Create(options, expected.Count);
            NativeLayer.Save(Path.Combine(path, NativeLayer.FileName), layer, origin);
            PythonRunner.WriteInto(path);
            Tensor x = RandomLayers.Rows(Tokens, options.InputWidth, expected.Count + 100);
            File.WriteAllText(Path.Combine(path, "x.json"), JsonSerializer.Serialize(x.data<float>().ToArray().Chunk((int)options.InputWidth)));
            SparseCodes codes = layer.Encode(x);
            expected[name] = (codes.ToDense(), layer.Decode(codes, x));
        }
        using JsonDocument results = JsonDocument.Parse(Python.Run(RunScript, folder.Path, stub));
        LayerOptions[] variants = [.. Variants(type)];
        foreach ((string name, (Tensor a, Tensor y)) in expected)
        {
            JsonElement result = results.RootElement.GetProperty(name);
            AssertClose(a, result.GetProperty("a"), $"a of {variants[int.Parse(name)]}");
            AssertClose(y, result.GetProperty("y"), $"y of {variants[int.Parse(name)]}");
        }
    }

    /// <summary>Every sparsity and activation of a type, and the formulas of imported files.</summary>
    private static IEnumerable<LayerOptions> Variants(string type)
    {
        LayerOptions first = RandomLayers.Options(type, 12, 3);
        IEnumerable<LayerOptions> all = first.Sparsity is null ? [first] : RandomLayers.Sparsities(type).Select(s => first with { Sparsity = s });
        if (first.Activation is not null) all = all.Concat(ActivationFunction.Names.Select(name => first with { Activation = name }));
        if (first is { Sparsity: not null, Hidden: null })
        {
            all = all.Append(first with { RescaleByDecoderNorm = true });
            all = all.Concat(Enum.GetValues<InputNormalisation>().Select(kind => first with { Normalisation = kind }));
            if (type == "sae") all = all.Append(first with { SubtractsInputBias = false });
        }
        return all;
    }

    private static void AssertClose(Tensor expected, JsonElement rows, string what)
    {
        float[] values = [.. rows.EnumerateArray().SelectMany(row => row.EnumerateArray().Select(value => value.GetSingle()))];
        Assert.Equal(expected.numel(), values.Length);
        // Of float32, so relative to the largest where that is above 1.
        if (values.Length > 0)
            GoldenTensors.AssertClose(expected, tensor(values).reshape(expected.shape), 1e-5 * Math.Max(1, expected.abs().max().ToDouble()), what);
    }

    [GeneratedRegex("^(import|from) (?<names>.*)$")]
    private static partial Regex Import();
}
