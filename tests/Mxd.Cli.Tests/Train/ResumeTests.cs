using System.Text.Json;
using Mxd.Cli.Tests.Fixtures;

namespace Mxd.Cli.Tests.Train;

public sealed class ResumeTests(TinyFiles files) : CliTests(files)
{
    [Fact]
    public void Resume_WithMoreTokens_GoesOnFromWhereTheRunEnded()
    {
        Train.Run().Succeeded();
        string[] before = new RunFiles(Run).MetricsWithoutRates;

        JsonElement result = Resume("--tokens", "12288", "--json").Json();

        Assert.Equal(12288, result.GetProperty("tokens").GetInt64());
        string[] after = new RunFiles(Run).MetricsWithoutRates;
        Assert.Equal(before, after[..before.Length]);
        Assert.Equal([36, 40, 44, 48], new RunFiles(Run).LoggedSteps[before.Length..]);
        Assert.Equal([48], new RunFiles(Run).Checkpoints);
        Assert.Equal(new RunFiles(Run).LoggedSteps, new RunFiles(Run).Scalars("train/loss").Select(s => s.Step));
    }

    [Fact]
    public void Resume_OfAFinishedRun_SaysSoAndChangesNothing()
    {
        Train.Run().Succeeded();
        byte[] layer = new RunFiles(Run).Layer;

        Assert.Contains("The run has made its 32 steps already: raise --tokens", Resume().Succeeded().Error, StringComparison.Ordinal);

        Assert.Equal(layer, new RunFiles(Run).Layer);
    }

    [Fact]
    public void Resume_MayRepeatTheRunsOwnOptions()
    {
        Train.Run().Succeeded();

        Tool.Run(Train.With("--resume").Arguments).Succeeded();
    }

    [Fact]
    public void Resume_RefusesEveryOtherChange_ByName()
    {
        Train.Run().Succeeded();

        Resume("--lr", "0.5", "--k", "5", "--seed", "7", "--text", Files.HeldOutText, "--activation", "silu", "--no-unit-norm").Refused(
            "--k is 5|the run began with 4|leave --k out",
            "--activation is silu|the run began without it",
            "--no-unit-norm is given|the run began without it",
            "--lr is 0.5|the run began with 0.001|leave --lr out",
            "--seed is 7|the run began with 0|leave --seed out",
            $"--text is {Files.HeldOutText}|the run began with {Files.TrainText}|leave --text out");
    }

    [Fact]
    public void Resume_RefusesFewerTokens()
    {
        Train.Run().Succeeded();

        Resume("--tokens", "4096").Refused("--tokens is 4096|less than the 8192");
    }

    [Fact]
    public void Resume_RefusesAFolderWithoutARun()
    {
        Tool.Run("train", "--resume", "--out", Folder.Path).Refused($"{Folder.Path} is not a run|no run.json|name a folder");
        Tool.Run("train", "--resume", "--out", Run).Refused($"{Run} is not a run");
        Assert.Empty(Folder.Entries);
    }

    [Fact]
    public void Resume_RefusesTextThatChanged()
    {
        string text = Folder.File("text.jsonl");
        File.Copy(Files.TrainText, text);
        Train.With("--text", text).Run().Succeeded();
        File.AppendAllText(text, "{\"text\": \"one more\"}\n");

        Resume().Refused("--text is not what the run began with|put those files back");
    }

    [Fact]
    public void Resume_RefusesAModelThatChanged()
    {
        string model = Folder.File("model.gguf");
        File.Copy(Files.Model, model);
        Train.With("--model", model).Run().Succeeded();
        new TinyModel { Seed = 9 }.Save(model);

        Resume().Refused($"{model} is not the file the run began with|put that file back");
    }

    [Fact]
    public void Resume_RefusesADamagedDescription()
    {
        Train.Run().Succeeded();
        string description = new RunFiles(Run).In("run.json");
        File.WriteAllText(description, File.ReadAllText(description)[..300]);

        Resume().Refused($"{description} cannot be read");
    }

    private ToolResult Resume(params string[] more) => Tool.Run(["train", "--resume", "--out", Run, .. more]);
}
