using System.Globalization;
using Mxd.Formats;
using Mxd.LanguageModels;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.LanguageModels;

/// <summary>Tiny models of every family in folders and GGUF files, against numbers of two independent implementations.</summary>
[Trait("Category", "Golden")]
public class ModelGoldenTests
{
    private const double Tolerance = 2e-4;

    public static TheoryData<string> Folders => TestFiles.FindGoldenFolders("models", "golden.safetensors");

    public static TheoryData<string> GgufFiles
    {
        get
        {
            // A file whose folder of golden numbers is missing is a fault of the fixtures; quantisations.gguf is no model.
            string[] names = [.. TestFiles.FindGolden("gguf", "*.gguf").Select(row => row.Data).Where(name => !name.StartsWith("gguf/quantisations", StringComparison.Ordinal))];
            return [.. names];
        }
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Folders))]
    public void Folder_GivesEveryGoldenTensor(string folder)
    {
        using ModelFile file = ModelFile.Open(TestFiles.GoldenPath(folder, ""));
        Check(file, folder);
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(GgufFiles))]
    public void GgufFile_GivesEveryGoldenTensorOfItsFolder(string name)
    {
        using ModelFile file = ModelFile.Open(TestFiles.GoldenPath(name, ".gguf"));
        Check(file, "models/" + Path.GetFileName(name));
    }

    private static void Check(ModelFile file, string folder)
    {
        using DisposeScope scope = NewDisposeScope();
        using LanguageModel model = file.Load(ScalarType.Float32, CPU);
        using SafetensorsFile golden = SafetensorsFile.Open(Path.Combine(TestFiles.GoldenPath(folder, ""), "golden.safetensors"));
        Tensor tokens = golden.Read("tokens");
        (Dictionary<string, Tensor> actual, Tensor hidden) = Run(model, tokens);
        AddAblations(actual, golden, model, hidden, tokens);
        actual["greedy"] = Continue(model, golden.Read("greedy"), 8);
        foreach (string name in golden.Names.Where(name => name != "tokens"))
        {
            Assert.True(actual.ContainsKey(name), $"{folder} has a tensor {name} that this test does not compute.");
            GoldenTensors.AssertClose(golden.Read(name), actual[name], name == "greedy" ? 0 : Tolerance, $"{folder}: {name}");
        }
    }

    private static (Dictionary<string, Tensor> Values, Tensor Hidden) Run(LanguageModel model, Tensor tokens)
    {
        var values = new Dictionary<string, Tensor>();
        var watches = new List<IDisposable>();
        for (int layer = 0; layer < model.Identity.Layers; layer++)
            foreach (HookSite site in Enum.GetValues<HookSite>())
            {
                var point = new HookPoint(layer, site);
                watches.Add(model.Hooks.Add(point, value =>
                {
                    values[point.ToString()] = value.clone().DetachFromDisposeScope();
                    return value;
                }));
            }
        Tensor hidden = model.Forward(tokens);
        watches.ForEach(watch => watch.Dispose());
        values["ln_final.output"] = hidden;
        values["logits"] = TinyLlama.AllLogits(model, tokens);
        values["cross_entropy_per_token"] = NextTokenLoss.CrossEntropy(model, hidden, tokens);
        return (values, hidden);
    }

    private static void AddAblations(Dictionary<string, Tensor> values, SafetensorsFile golden, LanguageModel model, Tensor hidden, Tensor tokens)
    {
        int layer = int.Parse(golden.Metadata["ablated_layer"], CultureInfo.InvariantCulture);
        HookPoint point = HookPoint.MlpOutput(layer);
        Tensor mean = values[point.ToString()].reshape(-1, model.Identity.Width).mean([0]);
        foreach ((string name, Tensor vector) in new[] { ("zero_ablated", zeros_like(mean)), ("mean_ablated", mean) })
        {
            using LayerSwap swap = LayerSwap.Constant(model, point, vector);
            ComparedLosses losses = NextTokenLoss.Compare(model, hidden, [model.Forward(tokens)], tokens);
            values[$"{name}.blocks.{layer}.cross_entropy_per_token"] = losses.AlteredCrossEntropy[0];
            values[$"{name}.blocks.{layer}.kl_per_token"] = losses.Divergence[0];
        }
    }

    /// <summary>The most likely continuation of a golden sequence's prompt, by the cache of keys and values.</summary>
    private static Tensor Continue(LanguageModel model, Tensor golden, int prompt)
    {
        using var cache = new KeyValueCache();
        var ids = new List<long>(golden.narrow(1, 0, prompt).data<long>());
        Tensor next = tensor(ids.ToArray(), 1, prompt);
        while (ids.Count < golden.shape[1])
        {
            using DisposeScope scope = NewDisposeScope();
            ids.Add(model.Logits(model.Forward(next, cache)[0, -1].unsqueeze(0)).argmax().ToInt64());
            next = tensor([ids[^1]], 1, 1).MoveToOuterDisposeScope();
        }
        return tensor(ids.ToArray(), 1, ids.Count);
    }
}
