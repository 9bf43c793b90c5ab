using System.Globalization;
using System.Text.Json;
using Mxd.Activations;
using Mxd.Evaluation;
using Mxd.Formats;
using Mxd.Interchange;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Metrics;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Evaluation;

/// <summary>A layer that the published implementation trained, evaluated here, gives the figures its authors' code gave.</summary>
[Trait("Category", "Golden")]
public class ReferenceRunGoldenTests
{
    private const double Tolerance = 1e-3;

    public static TheoryData<string> Layers => TestFiles.FindGolden("reference-run", "*.safetensors");

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Layers))]
    public void Evaluation_GivesTheReferenceFigures(string file)
    {
        using DisposeScope scope = NewDisposeScope();
        using SafetensorsFile golden = SafetensorsFile.Open(TestFiles.GoldenPath(file, ".safetensors"));
        LayerOptions options = ReferenceConfig.FromJson(golden.Metadata["config"]).ToOptions();
        using ILayer layer = LayerTypes.Get(options.Type).FromStored(options, key => golden.Read(key), CPU);
        int index = int.Parse(golden.Metadata["layer"], CultureInfo.InvariantCulture);
        var replacement = new Replacement(layer, HookPoint.MlpInput(index), HookPoint.MlpOutput(index));

        string folder = Path.GetDirectoryName(TestFiles.GoldenPath(file, ".safetensors"))!;
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "evaluation.json")));
        JsonElement all = document.RootElement, own = all.GetProperty(Path.GetFileName(file));
        CostOfReplacement losses = Evaluator(contexts: 64).Evaluate([replacement])[0];
        Near(all, "cross_entropy", losses.CrossEntropy.Model);
        Near(all.GetProperty("zero_ablated"), "cross_entropy", losses.CrossEntropy.ZeroAblated);
        Near(own, "cross_entropy", losses.CrossEntropy.Spliced);
        Near(own, "kl", losses.Kl);
        Assert.Equal(own.GetProperty("recovered").GetDouble(), losses.CrossEntropyRecovered, 1e-2);

        Reconstruction reconstruction = Evaluator(contexts: 256).Reconstruct(replacement);
        Near(own, "fvu", reconstruction.Fvu);
        Near(own, "norm_scaled_mse", reconstruction.NormScaledMse);
        Near(own, "l0", reconstruction.L0);
        Assert.Equal(own.GetProperty("dead_on_validation").GetDouble(), reconstruction.DeadFraction, 5e-3);
    }

    private static void Near(JsonElement golden, string name, double actual) => Assert.Equal(golden.GetProperty(name).GetDouble(), actual, Tolerance);

    private static ReplacementEvaluator Evaluator(int contexts)
    {
        string text = TestFiles.SharedOrSkip("data", "text", "validation.jsonl");
        PackedContexts packed = Packing.Pack([text], RealModel.File.Tokenizer, new PackingOptions { MaximumContexts = contexts });
        return new ReplacementEvaluator(RealModel.Model, packed, new EvaluationOptions { Contexts = contexts });
    }
}
