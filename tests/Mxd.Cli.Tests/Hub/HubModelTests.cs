using System.Text.Json;
using Mxd.Cli.Tests.Fixtures;

namespace Mxd.Cli.Tests.Hub;

/// <summary>Commands on models and texts of the hub: fetched once, then used from the cache, and refused in a line where they cannot be had.</summary>
public sealed class HubModelTests(TinyFiles files) : HubCalls(files)
{
    [Fact]
    public void Get_FetchesWhatReadingTheModelTakes_AndScoreUsesIt()
    {
        JsonElement got = OnHub("hub", "get", Model, "--json").Json();

        Assert.Equal(
            ["config.json", "model.safetensors", "tokenizer.json"],
            got.GetProperty("files").EnumerateArray().Select(f => Path.GetFileName(f.GetString())));
        Assert.DoesNotContain(Hub.Requests, request => request.Contains("pytorch_model.bin", StringComparison.Ordinal));
        double offline = Score(Offline("score", "--model", Model, "--text", Files.HeldOutText, "--context", "32", "--contexts", "8", "--json"));
        Assert.Equal(Score(Tool.Run("score", "--model", Folder.File("upload"), "--text", Files.HeldOutText, "--context", "32", "--contexts", "8", "--json")), offline);
    }

    [Fact]
    public void Get_FetchesNamedFiles_AndDataSets()
    {
        Assert.EndsWith("pytorch_model.bin\n", OnHub("hub", "get", Model, "--file", "pytorch_model.bin").Succeeded().Output, StringComparison.Ordinal);
        string[] shards = OnHub("hub", "get", "--dataset", $"{Text}:data/*1.jsonl").Succeeded().Output.Trim().Split('\n');
        Assert.EndsWith("train-00001.jsonl", Assert.Single(shards), StringComparison.Ordinal);
        OnHub("hub", "get").Refused("ID is missing|mxd hub get");
        OnHub("hub", "get", "--dataset", "texts").Refused("'texts' is not the id of a data set|owner/name");
        OnHub("hub", "get", Model, "--file", "none.bin").Refused("none.bin|does not exist on the hub");
        OnHub("hub").Refused("get");
    }

    [Fact]
    public void Train_OnTheHub_GoesOnWithTheCommitItBeganWith_AndFetchesNoMoreTextThanItNeeds()
    {
        TrainCall train = Train.With("--model", Model).With("--text", Text).Without("--validation").With("--held-out", "0.2");
        ToolResult first = new RunningTool(Describe([.. train.Arguments, "--json"], isOffline: false)).WaitForExit();
        Assert.Equal(8192, first.Json().GetProperty("tokens").GetInt64());
        Assert.DoesNotContain(Hub.Requests, request => request.Contains("train-00001", StringComparison.Ordinal));
        Assert.Contains($"{Text}@{Mxd.Tests.Hub.FakeHub.Commit}", File.ReadAllText(Path.Combine(Run, "run.json")), StringComparison.Ordinal);

        Assert.Equal(16384, Offline([.. train.With("--tokens", "16384").Arguments, "--resume", "--json"]).Json().GetProperty("tokens").GetInt64());
        using (JsonDocument run = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Run, "run.json"))))
            Assert.Equal(8192 / 32, run.RootElement.GetProperty("data").GetProperty("text_contexts").GetInt64());
        Assert.True(Offline("eval", "--run", Run, "--contexts", "4", "--json").Json().GetProperty("kl").GetDouble() > 0);
    }

    [Fact]
    public void AnEmptyCache_Offline_IsOneLineAndNothingWritten()
    {
        string[][] commands =
        [
            ["score", "--model", Model, "--text", Files.HeldOutText],
            ["generate", "--model", "gpt2", "--prompt", "x"],
            ["tokens", "--model", Model, "--text", Files.HeldOutText],
            ["train", "--model", Model, "--layer", "0", "--text", Files.TrainText, "--out", Run],
            ["import", "owner/layers:a", "--out", Run],
            ["hub", "get", Model],
        ];
        foreach (string[] command in commands) Offline(command).Refused("is not in the cache|HF_HUB_OFFLINE|unset HF_HUB_OFFLINE");
        Offline("score", "--model", Folder.File("upload"), "--context", "32", "--text", Text).Refused("Data set owner/texts is not in the cache");
        Assert.False(Directory.Exists(Run));
        Assert.False(Directory.Exists(Cache));
    }

    [Fact]
    public void OfAModelThatIsNotRead_NoWeightsAreFetched_NorOfOneWhoseTokenizerIsEnough()
    {
        Hub.Add("models/owner/other", "config.json", "{\"model_type\": \"gemma2\"}");
        Hub.Add("models/owner/other", "model.safetensors", new byte[3000]);

        OnHub("score", "--model", "owner/other", "--text", Files.HeldOutText).Refused("model_type 'gemma2'|gpt2, gpt_neox, llama");
        OnHub("tokens", "--model", Model, "--text", Files.HeldOutText).Succeeded();

        Assert.DoesNotContain(Hub.Requests, request => request.Contains("model.safetensors", StringComparison.Ordinal));
    }

    [Fact]
    public void SkippedRows_OfTheValidationFilesToo_AreCounted()
    {
        string text = Folder.File("text.jsonl"), validation = Folder.File("validation.jsonl");
        File.WriteAllLines(text, ["1", .. File.ReadLines(Files.TrainText)]);
        File.WriteAllLines(validation, ["2", "3", .. File.ReadLines(Files.HeldOutText)]);

        ToolResult result = Train.With("--text", text).With("--validation", validation).With("--skip-bad").Run().Succeeded();

        Assert.Contains("Text    1 bad row skipped", result.Error, StringComparison.Ordinal);
        Assert.Contains("Held    2 bad rows skipped", result.Error, StringComparison.Ordinal);
        Assert.Contains("\"bad_rows\": 3", File.ReadAllText(Path.Combine(Run, "run.json")), StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsNotThere_IsSaid()
    {
        OnHub("score", "--model", "owner/no-such", "--text", Files.HeldOutText).Refused("Model owner/no-such is not on the hub|typing error");
        OnHub("score", "--model", Model + "@v7", "--text", Files.HeldOutText).Refused("no revision 'v7'");
        OnHub("score", "--model", Model, "--text", "owner/no-such").Refused("Data set owner/no-such is not on the hub");
    }

    private static double Score(ToolResult result) => result.Json().GetProperty("cross_entropy").GetDouble();
}
