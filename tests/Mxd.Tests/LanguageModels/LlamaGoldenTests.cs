using System.Globalization;
using System.Text.Json;
using Mxd.Activations;
using Mxd.Evaluation;
using Mxd.Formats;
using Mxd.LanguageModels;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.LanguageModels;

/// <summary>A real Llama model against numbers of two independent implementations.</summary>
[Trait("Category", "Golden")]
public class LlamaGoldenTests
{
    private const double Tolerance = 1e-3;

    public static TheoryData<string> Texts => TestFiles.FindGolden("smollm2", "layer*.safetensors");

    public static TheoryData<string> Validations => TestFiles.FindGolden("smollm2", "validation*.json");

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Texts))]
    public void Model_GivesTheGoldenActivationsLossesAndContinuations(string file)
    {
        using DisposeScope scope = NewDisposeScope();
        using SafetensorsFile golden = SafetensorsFile.Open(TestFiles.GoldenPath(file, ".safetensors"));
        LanguageModel model = RealModel.Model;
        int layer = int.Parse(golden.Metadata["layer"], CultureInfo.InvariantCulture);
        string[] texts = JsonSerializer.Deserialize<string[]>(golden.Metadata["texts"])!;
        for (int i = 0; i < texts.Length; i++)
        {
            using DisposeScope one = NewDisposeScope();
            Tensor tokens = golden.Read($"{i}.tokens").unsqueeze(0);
            long[] encoded = [RealModel.File.Tokenizer.FirstToken, .. RealModel.File.Tokenizer.Encode(texts[i]).Select(id => (long)id)];
            Assert.Equal(tokens.data<long>().ToArray(), encoded.Take(128));
            CheckActivations(golden, model, layer, i, tokens);
            CheckPredictions(golden, model, i, tokens);
            CheckZeroAblation(golden, model, layer, i, tokens);
            long[] greedy = [.. golden.Read($"{i}.greedy").data<long>()];
            Assert.Equal(greedy, Continue(model, greedy[..16], greedy.Length - 16));
        }
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Validations))]
    public void Score_GivesTheGoldenCrossEntropy(string file)
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllText(TestFiles.GoldenPath(file, ".json")));
        JsonElement root = golden.RootElement;
        string text = TestFiles.SharedOrSkip(root.GetProperty("text").GetString()!);
        var packing = new PackingOptions
        {
            ContextLength = root.GetProperty("context_length").GetInt32(),
            MaximumContexts = root.GetProperty("contexts").GetInt64(),
        };
        PackedContexts contexts = Packing.Pack([text], RealModel.File.Tokenizer, packing);
        Score clean = TextScorer.Score(RealModel.Model, contexts);
        Assert.Equal(root.GetProperty("cross_entropy").GetDouble(), clean.CrossEntropy, Tolerance);
        Assert.Equal(root.GetProperty("contexts").GetInt64(), clean.Contexts);

        using Tensor zeros = torch.zeros(RealModel.Model.Identity.Width);
        using LayerSwap ablation = LayerSwap.Constant(RealModel.Model, HookPoint.MlpOutput(root.GetProperty("layer").GetInt32()), zeros);
        Assert.Equal(root.GetProperty("zero_ablated").GetDouble(), TextScorer.Score(RealModel.Model, contexts).CrossEntropy, Tolerance);
    }

    [Fact]
    public void Bfloat16_StaysWithinTwoHundredthsOfFloat32()
    {
        string text = TestFiles.SharedOrSkip("data", "text", "validation.jsonl");
        PackedContexts contexts = Packing.Pack([text], RealModel.File.Tokenizer, new PackingOptions { MaximumContexts = 16 });
        using LanguageModel narrow = RealModel.File.Load(ScalarType.BFloat16, CPU);
        double wide = TextScorer.Score(RealModel.Model, contexts).CrossEntropy;
        Assert.Equal(wide, TextScorer.Score(narrow, contexts).CrossEntropy, 0.02);
    }

    private static void CheckActivations(SafetensorsFile golden, LanguageModel model, int layer, int text, Tensor tokens)
    {
        using ActivationRows rows = new Harvester(model, HookPoint.MlpInput(layer), HookPoint.MlpOutput(layer)).Harvest(tokens);
        GoldenTensors.AssertClose(golden.Read($"{text}.ln2.hook_normalized"), rows[HookPoint.MlpInput(layer)], Tolerance, "ln2.hook_normalized");
        GoldenTensors.AssertClose(golden.Read($"{text}.hook_mlp_out"), rows[HookPoint.MlpOutput(layer)], Tolerance, "hook_mlp_out");
    }

    private static void CheckPredictions(SafetensorsFile golden, LanguageModel model, int text, Tensor tokens)
    {
        Tensor hidden = model.Forward(tokens);
        GoldenTensors.AssertClose(
            golden.Read($"{text}.cross_entropy_per_token"), NextTokenLoss.CrossEntropy(model, hidden, tokens)[0], Tolerance, "cross-entropy");
        Tensor logits = model.Logits(hidden[0]);
        Tensor top = golden.Read($"{text}.top10_logits");
        GoldenTensors.AssertClose(top, logits.gather(1, golden.Read($"{text}.top10_ids")), Tolerance, "logits of the golden top 10");
        GoldenTensors.AssertClose(top, logits.topk(10).values, Tolerance, "top 10 logits");
    }

    private static void CheckZeroAblation(SafetensorsFile golden, LanguageModel model, int layer, int text, Tensor tokens)
    {
        using LayerSwap ablation = LayerSwap.Constant(model, HookPoint.MlpOutput(layer), torch.zeros(model.Identity.Width));
        Tensor losses = NextTokenLoss.CrossEntropy(model, model.Forward(tokens), tokens)[0];
        GoldenTensors.AssertClose(golden.Read($"{text}.zero_ablated.cross_entropy_per_token"), losses, Tolerance, "zero-ablated cross-entropy");
    }

    private static long[] Continue(LanguageModel model, long[] prompt, int count)
    {
        List<long> ids = [.. prompt];
        for (int i = 0; i < count; i++)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor hidden = model.Forward(tensor(ids.ToArray(), 1, ids.Count));
            ids.Add(model.Logits(hidden[0, -1].unsqueeze(0)).argmax().ToInt64());
        }
        return [.. ids];
    }
}
