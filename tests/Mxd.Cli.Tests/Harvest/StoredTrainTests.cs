using System.Text.Json;
using System.Text.Json.Nodes;
using Mxd.Cli.Tests.Fixtures;

namespace Mxd.Cli.Tests.Harvest;

/// <summary><c>mxd train --activations</c>.</summary>
public sealed class StoredTrainTests(TinyFiles files, HarvestFolder harvest) : CliTests(files), IClassFixture<HarvestFolder>
{
    private TrainCall Stored => Train.Without("--model", "--layer", "--text", "--validation", "--context", "--tokens", "--validation-contexts").With("--activations", harvest.Path);

    private RunFiles Made => new(Run);

    [Theory]
    [InlineData("mxd")]
    [InlineData("transcoder")]
    public void ALayer_EqualsTheOneTrainedFromTheModel_BitForBit(string type)
    {
        TrainCall stored = type == "mxd" ? Stored : Stored.Transcoder, computed = type == "mxd" ? Train : Train.Transcoder;
        string model = Folder.File("model");
        computed.With("--out", model).Run().Succeeded();

        ToolResult result = stored.Run().Succeeded();

        Assert.Equal(new RunFiles(model).Layer, Made.Layer);
        Assert.Equal(new RunFiles(model).MetricsWithoutRates, Made.MetricsWithoutRates);
        Assert.Contains($"From    {harvest.Path}: 256 of 256 contexts harvested in float32", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void ARun_NeedsNeitherModelNorText_AndItsEvaluationFindsThem()
    {
        string model = Folder.File("own.gguf"), activations = Folder.File("activations");
        File.Copy(Files.Model, model);
        Tool.Run(HarvestFolder.Arguments(Files, activations, "--model", model)).Succeeded();
        File.Move(model, model + ".away");
        Stored.With("--activations", activations).Run().Succeeded();
        File.Move(model + ".away", model);

        JsonElement evaluation = Tool.Run("eval", "--run", Run, "--contexts", "8", "--json").Json();

        Assert.Equal(8, evaluation.GetProperty("contexts").GetInt64());
        JsonNode description = JsonNode.Parse(File.ReadAllText(Made.In("run.json")))!;
        Assert.Equal(model, (string)description["options"]!["model"]!);
        Assert.Equal([Files.HeldOutText], description["options"]!["validation"]!.AsArray().Select(file => (string)file!));
        Assert.Equal(64, ((string)description["data"]!["activations"]!).Length);
    }

    [Fact]
    public void Killed_GoesOnToTheSameBits_FromTheActivationsWhereverTheyLie()
    {
        TrainCall call = Stored.With("--checkpoint-every", "2").With("--batch", "64");
        string whole = Folder.File("whole"), moved = Folder.File("moved");
        call.With("--out", whole).Run().Succeeded();
        RunningTool tool = Tool.Start(call.Arguments);
        tool.WaitUntil(() => Made.Checkpoints.LastOrDefault() >= 6);
        tool.Kill();
        Directory.CreateDirectory(moved);
        foreach ((string name, byte[] bytes) in HarvestFolder.Read(harvest.Path)) File.WriteAllBytes(Path.Combine(moved, name), bytes);

        Tool.Run("train", "--resume", "--out", Run, "--activations", moved).Succeeded();

        Assert.Equal(new RunFiles(whole).Layer, Made.Layer);
        Assert.Equal(new RunFiles(whole).MetricsWithoutRates, Made.MetricsWithoutRates);
    }

    [Fact]
    public void Resume_RefusesOtherActivations_WithBothFingerprints_AndNoneWhereThereWere()
    {
        string other = Folder.File("other");
        Tool.Run(HarvestFolder.Arguments(Files, other, "--dtype", "bfloat16")).Succeeded();
        Stored.Run().Succeeded();

        Tool.Run("train", "--resume", "--out", Run, "--activations", other).Refused(
            $"--activations {other} has the fingerprint {Fingerprint(other)}, but the run began on activations with {Fingerprint(harvest.Path)}");
        Train.With("--out", Folder.File("model")).Run().Succeeded();
        Tool.Run("train", "--resume", "--out", Folder.File("model"), "--activations", other).Refused($"--activations is {other}, but the run began without it");
    }

    [Fact]
    public void Model_AndText_MayBeNamedToo_WhereTheyAgree()
    {
        string text = Folder.File("copy.jsonl");
        File.Copy(Files.TrainText, text);

        Stored.With("--model", Files.Model).With("--text", text).With("--validation", Files.HeldOutText).With("--layer", "1").With("--context", "32").Run().Succeeded();

        Assert.Contains(text, File.ReadAllText(Made.In("run.json")), StringComparison.Ordinal);
    }

    [Fact]
    public void Mismatches_AreRefused_AllAtOnce_WithBothValues()
    {
        string model = Folder.File("other.gguf");
        new TinyModel { Seed = 9 }.Save(model);
        JsonNode facts = JsonNode.Parse(File.ReadAllText(Path.Combine(harvest.Path, "harvest.json")))!["harvest"]!;

        Stored.With("--model", model).With("--text", Files.HeldOutText).With("--validation", Files.TrainText).With("--layer", "2").With("--context", "64")
            .With("--tokens", "16384").With("--model-dtype", "bfloat16").With("--data-seed", "3").Run().Refused(
                $"--model {model} has the weights |but the activations in {harvest.Path} are of {Files.Model} with the weights {facts["model"]!["weights_hash"]}",
                $"--text {Files.HeldOutText} has the fingerprint {facts["text"]!["validation_fingerprint"]}|text with {facts["text"]!["fingerprint"]}",
                $"--validation {Files.TrainText} has the fingerprint {facts["text"]!["fingerprint"]}|text with {facts["text"]!["validation_fingerprint"]}",
                "--model-dtype is bfloat16|harvested with float32",
                "--context is 64|harvested with 32",
                "--data-seed is 3|harvested with 0",
                "--layer is 2|are of layer 1");
        Assert.False(Directory.Exists(Run));
    }

    [Fact]
    public void MoreTokensThanThereAre_AreRefused_AndHowManyThereAreIsSaid() =>
        Stored.With("--tokens", "8224").Run().Refused($"--tokens is 8224, but the activations in {harvest.Path} are of 8192 tokens|give at most those, or harvest more");

    [Fact]
    public void OfSeveralLayers_OneIsChosen()
    {
        string activations = Folder.File("activations");
        Tool.Run(HarvestFolder.Arguments(Files, activations, "--layer", "0", "2", "--shard-bytes", "300kB")).Succeeded();
        TrainCall call = Stored.With("--activations", activations);

        call.Run().Refused($"--layer is missing: the activations in {activations} are of the layers 0, 2: name one of them");
        call.With("--layer", "2").Run().Succeeded();
        Train.With("--layer", "2").With("--out", Folder.File("model")).Run().Succeeded();
        Assert.Equal(new RunFiles(Folder.File("model")).Layer, Made.Layer);
        call.With("--layer", "2").With("--input", "blocks.1.hook_mlp_out").With("--out", Folder.File("third")).Run().Refused("--input is blocks.1.hook_mlp_out|are of blocks.0.ln2.hook_normalized, blocks.0.hook_mlp_out, blocks.2");
    }

    [Fact]
    public void AnAlteredFile_EndsTheRun_AndIsNamed()
    {
        string activations = Folder.File("activations"), shard = Path.Combine(activations, "activations-00009-of-00016.safetensors");
        Directory.CreateDirectory(activations);
        foreach ((string name, byte[] bytes) in HarvestFolder.Read(harvest.Path)) File.WriteAllBytes(Path.Combine(activations, name), bytes);
        byte[] altered = File.ReadAllBytes(shard);
        altered[^1] ^= 1;
        File.WriteAllBytes(shard, altered);

        ToolResult result = Stored.With("--activations", activations).Run();

        Assert.Equal(1, result.ExitCode);
        Assert.StartsWith($"mxd: {shard} has the SHA-256 ", result.ErrorLines[^1], StringComparison.Ordinal);
        File.Delete(shard);
        Stored.With("--activations", activations).With("--out", Folder.File("second")).Run().Refused($"{shard} does not exist, but harvest.json names it");
    }

    private static string Fingerprint(string activations) =>
        Tool.Run("harvest", "--resume", "--out", activations, "--json").Json().GetProperty("fingerprint").GetString()!;
}
