using Mxd.Interchange;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Runtime;
using Mxd.Tests.Layers;

namespace Mxd.Tests.Interchange;

public class LayerPlacementTests
{
    private static readonly ModelIdentity model = new("tiny.gguf", "llama", 3, 6, 20, 37, 64, "tok", "w");

    [Theory]
    [InlineData("layers.3.mlp", "blocks.3.hook_mlp_out", "blocks.3.ln2.output", "blocks.3.hook_mlp_out")]
    [InlineData("h.11.mlp", "blocks.11.hook_mlp_out", "blocks.11.ln2.output", "blocks.11.hook_mlp_out")]
    [InlineData("gpt_neox.layers.0.mlp", "blocks.0.hook_mlp_out", "blocks.0.ln2.output", "blocks.0.hook_mlp_out")]
    [InlineData("layers.7", "blocks.7.hook_resid_post", "blocks.7.hook_resid_pre", "blocks.7.hook_resid_post")]
    public void Modules_NameTheirHookPoints(string module, string autoencoder, string input, string output)
    {
        Assert.Equal((HookPoint.Parse(autoencoder), HookPoint.Parse(autoencoder)), SparsifyModule.Hooks(module, isAutoencoder: true));
        Assert.Equal((HookPoint.Parse(input), HookPoint.Parse(output)), SparsifyModule.Hooks(module, isAutoencoder: false));
    }

    [Theory]
    [InlineData("layers.3.attention")]
    [InlineData("layers.3.mlp.act")]
    [InlineData("layers.x.mlp")]
    [InlineData("layers.99999999999.mlp")]
    [InlineData("sublayers.3")]
    [InlineData("checkpoint")]
    public void OtherModules_NameNone(string module) => Assert.Null(SparsifyModule.Hooks(module, isAutoencoder: true));

    [Fact]
    public void WhatIsGiven_GoesBeforeWhatWasRead()
    {
        AssertPlaced("blocks.1.hook_mlp_out", "blocks.1.hook_mlp_out", Apply("sae", "blocks.1.hook_mlp_out", new()));
        AssertPlaced("blocks.2.hook_resid_pre", "blocks.2.hook_resid_pre", Apply("sae", "blocks.1.hook_mlp_out", new() { Input = "blocks.2.hook_resid_pre" }));
        AssertPlaced("blocks.2.hook_resid_pre", "blocks.2.hook_resid_pre", Apply("sae", "blocks.1.hook_mlp_out", new() { Output = "blocks.2.hook_resid_pre" }));
        AssertPlaced("blocks.1.ln2.hook_normalized", "blocks.1.hook_mlp_out", Apply("transcoder", "blocks.1.hook_mlp_out", new() { Input = "blocks.1.ln2.hook_normalized" }));
        AssertPlaced("blocks.2.ln2.hook_normalized", "blocks.2.hook_mlp_out", Apply("transcoder", null, new() { Layer = 2 }));
        AssertPlaced("blocks.2.ln2.output", "blocks.2.hook_mlp_out", Apply("transcoder", null, new() { Layer = 2 }, "sparsify"));
        AssertPlaced("blocks.2.hook_mlp_out", "blocks.2.hook_mlp_out", Apply("sae", null, new() { Layer = 2 }, "sparsify"));
    }

    [Fact]
    public void APlaceSaidInPart_OrNotKnown_IsRefused_AndOneNotSaidStaysOpen()
    {
        Refused("does not say at which hook point|--input|--layer", () => Apply("sae", null, new() { Model = model }));
        Assert.Null(Apply("sae", null, new()).Input);
        Refused("--output", () => Apply("transcoder", null, new() { Input = "blocks.1.ln2.hook_normalized" }));
        SavedLayer unknown = Apply("sae", "blocks.1.attn.hook_z", new());
        Assert.Equal((null, "blocks.1.attn.hook_z"), (unknown.Input, unknown.Imported!.UnknownPlace));
        Refused("'blocks.1.attn.hook_z' is not known|ln2.hook_normalized|--input", () => Apply("sae", "blocks.1.attn.hook_z", new() { Model = model }));
        Assert.True(Apply("sae", "blocks.1.hook_mlp_out", new() { Input = "blocks.2.hook_mlp_out" }).Imported!.IsMoved);
        Assert.False(Apply("sae", "blocks.1.hook_mlp_out", new()).Imported!.IsMoved);
        Refused("'mlp' is not known|hook_resid_pre", () => Apply("sae", null, new() { Input = "mlp" }));
        Refused("leave out --input and --output", () => Apply("sae", null, new() { Layer = 1, Input = "blocks.1.hook_mlp_out" }));
        Refused("--layer is -1", () => Apply("sae", null, new() { Layer = -1 }));
        Refused("comes before it", () => Apply("transcoder", null, new() { Input = "blocks.2.hook_mlp_out", Output = "blocks.1.hook_mlp_out" }));
    }

    [Fact]
    public void AModel_MustHaveTheWidthsAndTheLayer()
    {
        Assert.Equal(model, Apply("sae", null, new() { Layer = 2, Model = model }).Model);
        Refused("reads blocks.3.hook_mlp_out|has 3 layers|'tiny'", () => Apply("sae", null, new() { Layer = 3, Model = model }));
        Refused("reads 6 values a token|has 7", () => Apply("sae", null, new() { Layer = 2, Model = model with { Width = 7 } }));
        Refused("returns 5 values a token|has 6", () => Apply("transcoder", null, new() { Layer = 2, Model = model }));
    }

    [Fact]
    public void Check_ComparesWithTheModelGivenAtImport_OrSaysThatItCannot()
    {
        SavedLayer named = Apply("sae", null, new() { Layer = 2 }), known = Apply("sae", null, new() { Layer = 2, Model = model });
        Assert.Contains("names its language model 'tiny'", named.Check(model, false), StringComparison.Ordinal);
        Refused("reads 6 values a token", () => named.Check(model with { Width = 8 }, false)!);
        Assert.Null(known.Check(model, false));
        Refused("--allow-other-weights", () => known.Check(model with { WeightsHash = "v" }, false)!);
        Refused("vocabulary", () => known.Check(model with { Vocabulary = 38 }, true)!);
    }

    [Fact]
    public void ALayerOfOurOwn_SaysItselfWhereItBelongs()
    {
        var saved = new SavedLayer(RandomLayers.Options("sae", 9, 3), new LayerOrigin(model, "blocks.1.hook_mlp_out", "blocks.1.hook_mlp_out", 64, "float32", 1));
        Assert.Same(saved, new LayerPlacement().Apply(saved, LayerFormats.Native));
        Refused("leave out --input", () => new LayerPlacement { Layer = 1 }.Apply(saved, LayerFormats.Native));
    }

    private static SavedLayer Apply(string type, string? read, LayerPlacement placement, string format = "saelens")
    {
        LayerOptions options = RandomLayers.Options(type, 9, 3);
        return placement.Apply(new SavedLayer(options, null, new ImportedFrom(format, "/there", "{}") { ModelName = "tiny", Input = read, Output = read }), LayerFormats.Get(format));
    }

    private static void AssertPlaced(string input, string output, SavedLayer saved) => Assert.Equal((input, output), (saved.Input, saved.Output));

    private static void Refused(string problem, Func<object> apply)
    {
        string message = Assert.Throws<MxdInputException>(apply).Message;
        foreach (string fragment in problem.Split('|')) Assert.Contains(fragment, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }
}
