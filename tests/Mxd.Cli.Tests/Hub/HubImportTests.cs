using System.Text.Json;
using Mxd.Cli.Tests.Fixtures;
using Mxd.Tests.Interchange;

namespace Mxd.Cli.Tests.Hub;

/// <summary>Layers that others have published become runs, with the language model that they name.</summary>
public sealed class HubImportTests(TinyFiles files) : HubCalls(files)
{
    private const string Layers = "owner/layers";

    [Fact]
    public void ALayerOfSaeLens_ComesWithItsModel_AndIsEvaluatedWithoutNamingIt()
    {
        AddLayer(Layers, "blocks.1", ForeignFiles.SaeLens("topk", width: TinyHubModel.Width, units: 48, k: 4).With("metadata.model_name", Model));
        AddLayer(Layers, "blocks.0", ForeignFiles.SaeLens("topk", width: TinyHubModel.Width).With("metadata.model_name", Model));
        Hub.Add($"models/{Layers}", "blocks.1/sparsity.safetensors", "not needed");

        ToolResult result = OnHub("import", $"{Layers}:blocks.1", "--out", Run, "--json");

        Assert.Equal("saelens", result.Json().GetProperty("format").GetString());
        Assert.Equal(Model, result.Json().GetProperty("model").GetString());
        Assert.Contains($"name the language model {Model}", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(Hub.Requests, request => request.Contains("blocks.0", StringComparison.Ordinal) || request.Contains("sparsity", StringComparison.Ordinal));
        JsonElement cost = Offline("eval", "--run", Run, "--text", Files.HeldOutText, "--context", "32", "--contexts", "4", "--json").Json();
        Assert.True(cost.GetProperty("kl").GetDouble() > 0);
    }

    [Fact]
    public void ALayerOfSparsify_TakesItsModelFromTheRepositorysOptions()
    {
        AddLayer(Layers, "run1/layers.1.mlp", ForeignFiles.Sparsify(width: TinyHubModel.Width, transcode: true));
        foreach (string state in new[] { "optimizer.pt", "lr_scheduler.pt" }) Hub.Add($"models/{Layers}", $"run1/{state}", "state");
        Hub.Add($"models/{Layers}", "run1/config.json", $"{{\"model\": \"{Model}\", \"sae\": {{}}}}");

        JsonElement result = OnHub("import", Layers, "--out", Run, "--json").Json();

        Assert.Equal(("sparsify", Model), (result.GetProperty("format").GetString(), result.GetProperty("model").GetString()));
        Assert.Equal("blocks.1.ln2.output", result.GetProperty("input").GetString());
        Assert.True(result.GetProperty("has_model").GetBoolean());
    }

    [Fact]
    public void WithoutItsModel_OrWithOneNobodyKnows_TheLayerIsImportedAllTheSame()
    {
        AddLayer(Layers, "a", ForeignFiles.SaeLens("standard", width: TinyHubModel.Width));

        ToolResult unknown = OnHub("import", Layers, "--out", Folder.File("unknown"), "--json");
        Assert.False(unknown.Json().GetProperty("has_model").GetBoolean());
        Assert.Contains("name the language model tiny, which is no id of the hub", unknown.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Note: the layer's files name", OnHub("import", Layers, "--no-model", "--out", Run).Succeeded().Error, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsToBeChosen_IsListed()
    {
        foreach (string place in new[] { "layers.10", "layers.2", "other/layers.3" }) AddLayer(Layers, place, ForeignFiles.Sparsify());
        Hub.Add("models/owner/empty", "README.md", "nothing");

        OnHub("import", Layers, "--out", Run).Refused($"{Layers} holds 3 layers|{Layers}:PLACE|layers.2, layers.10, other/layers.3");
        OnHub("import", $"{Layers}:layers.7", "--out", Run).Refused("holds no layer 'layers.7', but 3 others");
        OnHub("import", "owner/empty", "--out", Run).Refused("owner/empty holds no layer of a known format|sae_weights.safetensors");
        OnHub("import", "owner/absent", "--out", Run).Refused("owner/absent is not on the hub");
        Assert.Equal("sparsify", OnHub("import", $"{Layers}:other", "--no-model", "--out", Run, "--json").Json().GetProperty("format").GetString());
    }
}
