using Mxd.Cli.Tests.Fixtures;

namespace Mxd.Cli.Tests.Eval;

public sealed class EvalRefusalTests(TinyFiles files, TrainedRuns runs) : CliTests(files), IClassFixture<TrainedRuns>
{
    [Theory]
    [InlineData("--contexts", "0", "--contexts is 0|at least 1")]
    [InlineData("--skip-first", "-1", "--skip-first is -1|at least 0")]
    [InlineData("--skip-first", "31", "--skip-first is 31|31 predictions|at most 30")]
    [InlineData("--model-dtype", "float16", "--model-dtype is 'float16'|float32 or bfloat16")]
    [InlineData("--device", "gpu", "'gpu' is not a device")]
    [InlineData("--text", "no-such.jsonl", "no-such.jsonl does not exist")]
    public void AValueThatCannotBe_IsRefused(string option, string value, string problem) => Eval(option, value).Refused(problem);

    [Fact]
    public void AModelOfAnotherWidth_IsRefused() => Eval("--model", Save(new TinyModel { Width = 64 })).Refused(
        $"trained on {Files.Model}|width is 32|is 64|name the model it was trained on");

    [Fact]
    public void AModelWithAnotherVocabulary_IsRefused() => Eval("--model", Save(new TinyModel { AddedToken = "zebra" })).Refused(
        "vocabulary is 262|is 263|name the model it was trained on");

    [Fact]
    public void AModelWithAnotherTokenOfTheSameNumber_IsRefused()
    {
        string trainedOn = Save(new TinyModel { AddedToken = "zebra" }, "zebra.gguf");
        Train.With("--model", trainedOn).Run().Succeeded();

        Tool.Run("eval", "--run", Run, "--model", Save(new TinyModel { AddedToken = "horse" })).Refused("whose tokenizer is|name the model it was trained on");
    }

    [Fact]
    public void OtherWeights_AreRefused_UnlessAllowed_AndThenNoted()
    {
        string other = Save(new TinyModel { Seed = 2 });

        Eval("--model", other).Refused($"of {other} are not the|--allow-other-weights");
        ToolResult allowed = Eval("--model", other, "--allow-other-weights", "--contexts", "4").Succeeded();
        Assert.Matches($@"(?m)^Note: weights [0-9a-f]{{12}} of {other} are not the [0-9a-f]{{12}} the layer was trained on\.$", allowed.Error);
    }

    [Fact]
    public void ARunWhoseModelIsGone_AsksForIt()
    {
        string model = Save(new TinyModel());
        Train.With("--model", model).Run().Succeeded();
        File.Move(model, Folder.File("moved.gguf"));

        Tool.Run("eval", "--run", Run).Refused($"{model}, the model that {Run} was trained on, does not exist any more|--model");
        Tool.Run("eval", "--run", Run, "--model", Folder.File("moved.gguf"), "--contexts", "4").Succeeded();
    }

    [Fact]
    public void ARunWhoseTextIsGone_AsksForText()
    {
        string text = Folder.File("text.jsonl");
        File.Copy(Files.TrainText, text);
        Train.With("--text", text).Without("--validation").Run().Succeeded();
        File.Delete(text);

        Tool.Run("eval", "--run", Run).Refused($"{text}, the text that {Run} held out, does not exist any more|--text");
    }

    [Fact]
    public void RunsThatHeldOutDifferentText_AskForText()
    {
        Train.Without("--validation").With("--layer", "2").Run().Succeeded();

        Tool.Run("eval", "--run", runs.Mixture, Run).Refused($"{Run} and {runs.Mixture} held out different text|--text");
    }

    [Fact]
    public void RunsOfDifferentContextLengths_AreRefused()
    {
        Train.With("--context", "64").Run().Succeeded();

        Tool.Run("eval", "--run", runs.Mixture, Run).Refused($"{Run} was trained on contexts of 64 tokens|on 32|one at a time");
    }

    [Fact]
    public void TheSameRunTwice_IsRefused() => Tool.Run("eval", "--run", runs.Mixture, runs.Mixture + "/").Refused("names the same folder twice|each once");

    [Fact]
    public void AFolderThatIsNoRun_IsRefused() => Tool.Run("eval", "--run", Folder.Path).Refused($"{Folder.Path} is not a run");

    [Fact]
    public void ARunWithoutALayer_IsRefused()
    {
        Train.Run().Succeeded();
        File.Delete(Folder.File("run/layer.safetensors"));

        Tool.Run("eval", "--run", Run).Refused("has no layer.safetensors yet|mxd train --resume --out");
    }

    [Fact]
    public void ALayerCutShort_IsRefused()
    {
        Train.Run().Succeeded();
        string layer = Folder.File("run/layer.safetensors");
        File.WriteAllBytes(layer, File.ReadAllBytes(layer)[..^100]);

        Tool.Run("eval", "--run", Run).Refused(layer);
    }

    [Fact]
    public void SeveralProblems_AreAllNamedAtOnce() =>
        Eval("--contexts", "0", "--skip-first", "-2", "--model-dtype", "int8").Refused("--contexts is 0", "--skip-first is -2", "--model-dtype is 'int8'");

    private ToolResult Eval(params string[] arguments) => Tool.Run(["eval", "--run", runs.Mixture, .. arguments]);

    private string Save(TinyModel model, string name = "other.gguf")
    {
        model.Save(Folder.File(name));
        return Folder.File(name);
    }
}
