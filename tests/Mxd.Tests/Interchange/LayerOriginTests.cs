using Mxd.Interchange;
using Mxd.LanguageModels;
using Mxd.Runtime;

namespace Mxd.Tests.Interchange;

public class LayerOriginTests
{
    private static readonly ModelIdentity trained = new(
        "a.gguf", "llama", 30, 576, 1536, 49152, 2048, "tokenizer-hash-0123456789", "weights-hash-0123456789");

    private static readonly LayerOrigin origin = new(trained, "blocks.1.ln2.hook_normalized", "blocks.1.hook_mlp_out", 128, "float32", 0);

    public static TheoryData<string, ModelIdentity> Others => new()
    {
        { "architecture is llama; that of a.gguf is gpt2", trained with { Architecture = "gpt2" } },
        { "number of layers is 30; that of a.gguf is 31", trained with { Layers = 31 } },
        { "width is 576; that of a.gguf is 577", trained with { Width = 577 } },
        { "MLP width is 1536; that of a.gguf is 1537", trained with { MlpWidth = 1537 } },
        { "vocabulary is 49152; that of a.gguf is 49153", trained with { Vocabulary = 49153 } },
        { "tokenizer is tokenizer-ha; that of a.gguf is other", trained with { TokenizerHash = "other" } },
        { "tokenizer is tokenizer-ha; that of a.gguf is tokenizer-ha", trained with { TokenizerHash = "tokenizer-hash-9876543210" } },
    };

    [Theory]
    [MemberData(nameof(Others))]
    public void Check_RefusesAnotherModel_EvenWithLeaveForOtherWeights(string fact, ModelIdentity other)
    {
        foreach (bool allow in new[] { false, true })
        {
            string message = Assert.Throws<MxdInputException>(() => origin.Check(other, allow)).Message;
            Assert.Equal($"The layer was trained on a.gguf, whose {fact}: name the model it was trained on.", message);
        }
    }

    [Fact]
    public void Check_TakesTheSameModelUnderAnotherName() => Assert.Null(origin.Check(trained with { Id = "elsewhere.gguf", ContextLength = 4096 }, false));

    [Fact]
    public void Check_TakesOtherWeightsWithLeave_AndSaysSo()
    {
        ModelIdentity other = trained with { Id = "q8.gguf", WeightsHash = "others-hash-0123456789" };
        Assert.Contains("--allow-other-weights", Assert.Throws<MxdInputException>(() => origin.Check(other, false)).Message, StringComparison.Ordinal);
        Assert.Equal(
            "Note: weights others-hash- of q8.gguf are not the weights-hash the layer was trained on.", origin.Check(other, true));
    }
}
