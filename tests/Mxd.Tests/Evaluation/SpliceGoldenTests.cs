using System.Globalization;
using Mxd.Evaluation;
using Mxd.Formats;
using Mxd.Interchange;
using Mxd.LanguageModels;
using Mxd.LanguageModels.Generation;
using Mxd.Layers;
using Mxd.Metrics;
using Mxd.Tests.LanguageModels;
using Mxd.Tests.LanguageModels.Generation;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Evaluation;

/// <summary>The published layers in the place of tiny models' MLPs: what they cost, and what the models say then, steered and not.</summary>
[Trait("Category", "Golden")]
public class SpliceGoldenTests
{
    private const double Tolerance = 2e-4;
    private const int Prompt = 8;

    public static TheoryData<string> Files => TestFiles.FindGolden("splice", "*.safetensors");

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Files))]
    public void Splice_GivesEveryGoldenTensor(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using SafetensorsFile golden = SafetensorsFile.Open(TestFiles.GoldenPath(name, ".safetensors"));
        string folder = TestFiles.GoldenPath("models/" + golden.Metadata["model"], "");
        using ModelFile file = ModelFile.Open(folder);
        using LanguageModel model = file.Load(ScalarType.Float32, CPU);
        using SafetensorsFile clean = SafetensorsFile.Open(Path.Combine(folder, "golden.safetensors"));
        Tensor tokens = clean.Read("tokens");
        LayerOptions options = ReferenceConfig.FromJson(golden.Metadata["config"]).ToOptions();
        using ILayer layer = LayerTypes.Get(options.Type).FromStored(options, key => golden.Read("layer." + key), CPU);
        int number = int.Parse(golden.Metadata["layer"], CultureInfo.InvariantCulture);
        // An autoencoder reads what it replaces.
        HookPoint output = HookPoint.MlpOutput(number), input = LayerTypes.Get(options.Type).IsAutoencoder ? output : HookPoint.MlpInput(number);
        var replacement = new Replacement(layer, input, output);
        var steering = new Steering(new Dictionary<long, double>
        {
            [long.Parse(golden.Metadata["steered_unit"], CultureInfo.InvariantCulture)] = double.Parse(golden.Metadata["steering_coefficient"], CultureInfo.InvariantCulture),
        });

        Dictionary<string, Tensor> actual = Reconstruct(layer, ValueAt(input, model, tokens), ValueAt(output, model, tokens));
        AddLosses(actual, model, replacement, tokens);
        AddText(actual, "unsteered", model, replacement, null, golden.Read("unsteered.greedy"));
        AddText(actual, "steered", model, replacement, steering, golden.Read("steered.greedy"));
        foreach (string key in golden.Names.Where(key => !key.StartsWith("layer.", StringComparison.Ordinal)))
        {
            Assert.True(actual.ContainsKey(key), $"{name} has a tensor {key} that this test does not compute.");
            GoldenTensors.AssertClose(golden.Read(key), actual[key], key.EndsWith("greedy", StringComparison.Ordinal) ? 0 : Tolerance, $"{name}: {key}");
        }
    }

    private static Tensor ValueAt(HookPoint point, LanguageModel model, Tensor tokens)
    {
        Tensor? value = null;
        using IDisposable watch = model.Hooks.Add(point, passing =>
        {
            value = passing.clone().DetachFromDisposeScope();
            return passing;
        });
        model.Forward(tokens);
        return value!;
    }

    private static Dictionary<string, Tensor> Reconstruct(ILayer layer, Tensor x, Tensor target)
    {
        Tensor rows = x.reshape(-1, x.shape[2]), targets = target.reshape(-1, target.shape[2]);
        SparseCodes codes = layer.Encode(rows);
        Tensor y = layer.Decode(codes, rows);
        using var meter = new ReconstructionMeter(codes.Units, CPU);
        meter.Add(y, targets, codes);
        Reconstruction result = meter.Result();
        return new Dictionary<string, Tensor>
        {
            ["x"] = x,
            ["acts"] = codes.ToDense().reshape(x.shape[0], x.shape[1], -1),
            ["y"] = y.reshape(target.shape),
            ["fraction_of_variance_unexplained"] = tensor([result.Fvu]),
            ["norm_scaled_mse"] = tensor([result.NormScaledMse]),
            ["l0"] = tensor([result.L0]),
        };
    }

    private static void AddLosses(Dictionary<string, Tensor> values, LanguageModel model, Replacement replacement, Tensor tokens)
    {
        Tensor hidden = model.Forward(tokens);
        using IDisposable splice = replacement.Splice(model);
        ComparedLosses losses = NextTokenLoss.Compare(model, hidden, [model.Forward(tokens)], tokens);
        values["spliced.cross_entropy_per_token"] = losses.AlteredCrossEntropy[0];
        values["spliced.kl_per_token"] = losses.Divergence[0];
    }

    private static void AddText(Dictionary<string, Tensor> values, string name, LanguageModel model, Replacement replacement, Steering? steering, Tensor golden)
    {
        using IDisposable splice = replacement.Splice(model, steering);
        long[] ids = golden.data<long>().ToArray();
        var greedy = new GenerationOptions { MaximumTokens = ids.Length - Prompt, Sampling = new SamplingOptions { Temperature = 0 } };
        var generator = new TextGenerator(model, new NumberTokenizer(model.Identity.Vocabulary));
        GeneratedText text = generator.Generate([.. ids.Take(Prompt).Select(id => (int)id)], greedy).Samples.Single();
        values[name + ".greedy"] = tensor([.. text.Ids.Select(id => (long)id)], 1, text.Ids.Count);
        values[name + ".logits"] = TinyLlama.AllLogits(model, golden);
    }
}
