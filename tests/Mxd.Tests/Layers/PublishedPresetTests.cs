using Mxd.Layers;
using Mxd.Runtime;

namespace Mxd.Tests.Layers;

public class PublishedPresetTests
{
    /// <summary>Preset and multiplier of every published mixture, and the share of the transcoder's parameters that it lacks, in percent.</summary>
    public static TheoryData<string, long, double> Mixtures => new()
    {
        { "gpt2-124m", 8, 0.033 }, { "gpt2-124m", 16, 0.049 }, { "gpt2-124m", 32, 0.057 }, { "gpt2-124m", 64, 0.061 },
        { "pythia-410m", 32, 0.043 }, { "pythia-1.4b", 32, 0.021 }, { "llama-3.2-3b", 32, 0.015 },
    };

    [Fact]
    public void Mixtures_AreAllCovered() =>
        Assert.Equal(PublishedPreset.All.DistinctBy(p => p.Model).Sum(p => p.Mixtures.Experts.Count), Mixtures.Count);

    [Theory]
    [MemberData(nameof(Mixtures))]
    public void AMixture_HasAlmostTheTranscodersParameters_LessTheBiasCountedTwice(string name, long multiplier, double lacking)
    {
        PublishedPreset preset = PublishedPreset.Get(name);
        long width = preset.InputWidth, latents = width * multiplier;
        PublishedSize mixture = preset.Size("mxd", multiplier)!, transcoder = preset.Size("transcoder", multiplier)!;
        Assert.Equal(new PublishedSize(latents, null), transcoder);

        long lack = Count("transcoder", transcoder, width) - Count("mxd", mixture, width);
        Assert.InRange(lack - (latents - mixture.Hidden!.Value), 0, 2 * width);
        Assert.Equal(lacking, 100.0 * lack / Count("transcoder", transcoder, width), 0.0005);
        Assert.Equal((2 * width * latents - 2 * width * mixture.Hidden.Value) / (2 * width + 1), mixture.Units);
    }

    [Fact]
    public void TheGatedMixtureOfLlama_MatchesTheTranscoderExactly()
    {
        PublishedPreset preset = PublishedPreset.Get("llama-3.2-3b");
        (long width, long hidden, long latents) = (3072, 8192, 3072 * 32);
        PublishedSize mixture = preset.Size("glu-mxd", 32)!;
        Assert.Equal(hidden, mixture.Hidden);
        // Beside a mixture's own parameters, a second hidden encoder and its bias.
        long gated = Count("mxd", mixture, width) + width * hidden + hidden;
        Assert.InRange(Count("transcoder", new PublishedSize(latents, null), width) - gated, 0, 2 * width);
    }

    [Theory]
    [InlineData("gpt2-124m", 768, 8, 3072)]
    [InlineData("pythia-410m", 1024, 15, 4096)]
    [InlineData("pythia-1.4b", 2048, 15, 8192)]
    [InlineData("llama-3.2-3b", 3072, 15, 8202)]
    public void Get_FindsAPreset_WithItsModelsWidths(string name, long width, int layer, long hidden)
    {
        PublishedPreset preset = PublishedPreset.Get(name);
        Assert.Equal((name, width, layer, hidden), (preset.Name, preset.InputWidth, preset.Layer, preset.Mixtures.Hidden));
        Assert.Contains(32L, preset.Multipliers);
    }

    [Fact]
    public void Size_OfTypesWithoutExperts_FollowsTheTranscoder_AndControlsHaveNoUnits()
    {
        PublishedPreset preset = PublishedPreset.Get("gpt2-124m");
        foreach (string type in new[] { "transcoder", "skip-transcoder", "glu-transcoder", "glu-skip-transcoder", "sae" })
            Assert.Equal(new PublishedSize(768 * 16, null), preset.Size(type, 16));
        Assert.Equal(new PublishedSize(null, 3072), preset.Size("dense", 16));
        Assert.Equal(new PublishedSize(null, null), preset.Size("linear", 16));
    }

    [Fact]
    public void Size_IsNull_WhereNothingWasPublished()
    {
        PublishedPreset preset = PublishedPreset.Get("gpt2-124m");
        foreach (string type in new[] { "glu-mxd", "skip-mxd", "glu-skip-mxd" }) Assert.Null(preset.Size(type, 32));
        foreach (string type in new[] { "mxd", "transcoder" }) Assert.Null(preset.Size(type, 12));
        Assert.Null(PublishedPreset.Get("pythia-410m").Size("mxd", 16));
    }

    [Fact]
    public void Get_NamesThePresets_WhereOneIsNotKnown()
    {
        string message = Assert.Throws<MxdInputException>(() => PublishedPreset.Get("gpt2")).Message;
        Assert.Equal("Preset 'gpt2' is not known; choose one of gpt2-124m, pythia-410m, pythia-1.4b, llama-3.2-3b, llama-3.2-3b-glu.", message);
    }

    private static long Count(string type, PublishedSize size, long width) => LayerTypes.Get(type).ParameterCount(
        RandomLayers.Options(type, size.Units!.Value, k: 1) with { InputWidth = width, OutputWidth = width, Hidden = size.Hidden });
}
