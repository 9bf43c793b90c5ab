using Mxd.LanguageModels;
using TorchSharp;

namespace Mxd.Tests.LanguageModels;

public class KnownModelTests
{
    /// <summary>Parameters as their makers count them.</summary>
    [Theory]
    [InlineData("gpt2", 124_439_808)]
    [InlineData("gpt2-xl", 1_557_611_200)]
    [InlineData("EleutherAI/pythia-70m", 70_426_624)]
    [InlineData("EleutherAI/pythia-410m", 405_334_016)]
    [InlineData("EleutherAI/pythia-1.4b", 1_414_647_808)]
    [InlineData("HuggingFaceTB/SmolLM2-135M", 134_515_008)]
    [InlineData("meta-llama/Llama-3.2-1B", 1_235_814_400)]
    [InlineData("meta-llama/Llama-3.2-3B", 3_212_749_824)]
    [InlineData("meta-llama/Llama-3.1-8B", 8_030_261_248)]
    public void ParameterCount_IsThePublishedOne(string id, long parameters) =>
        Assert.Equal(parameters, KnownModel.All.Single(m => m.Id == id).Config.ParameterCount);

    [Theory]
    [InlineData("gpt2", "gpt2")]
    [InlineData("gpt2-small", "gpt2")]
    [InlineData("pythia-410m", "EleutherAI/pythia-410m")]
    [InlineData("pythia-70m-deduped", "EleutherAI/pythia-70m-deduped")]
    [InlineData("llama-3.2-3b", "meta-llama/Llama-3.2-3B")]
    [InlineData("SmolLM2-135M", "HuggingFaceTB/SmolLM2-135M")]
    [InlineData("owner/any-model", "owner/any-model")]
    [InlineData("tiny", null)]
    [InlineData("a/b/c", null)]
    public void FindId_KnowsTheNamesOfOtherProjects(string name, string? id) => Assert.Equal(id, KnownModel.FindId(name));

    [Fact]
    public void Families_AreKnown() =>
        Assert.All(KnownModel.All, model => Assert.Contains(model.Family, ModelFamily.All.Select(f => f.Name)));

    [Theory]
    [MemberData(nameof(ModelFamilyTests.Models), MemberType = typeof(ModelFamilyTests))]
    public void ParameterCount_IsThatOfTheWeights(string family, int seed)
    {
        using var scope = torch.NewDisposeScope();
        TransformerConfig config = RandomTransformer.Config(family, seed);
        TransformerWeights weights = RandomTransformer.Weights(config, seed);
        HuggingFaceFolder.Stored[] tensors = [.. new HuggingFaceFolder(family, config).Tensors()];
        Assert.All(tensors, t => Assert.Equal(t.Shape, t.Value(weights).shape));
        Assert.Equal(tensors.Sum(t => t.Value(weights).numel()), config.ParameterCount);
    }
}
