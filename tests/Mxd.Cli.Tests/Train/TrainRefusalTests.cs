using System.Diagnostics;
using Mxd.Cli.Tests.Fixtures;

namespace Mxd.Cli.Tests.Train;

/// <summary>What cannot work is refused before anything is written.</summary>
public sealed class TrainRefusalTests(TinyFiles files) : CliTests(files)
{
    [Theory]
    [InlineData("--layer", "3", "--layer is 3|has 3 layers|choose one from 0 to 2")]
    [InlineData("--layer", "-1", "--layer is -1|at least 0")]
    [InlineData("--k", "0", "--k is 0|at least 1")]
    [InlineData("--k", "33", "--k is 33|32 units of --experts|from 1 to 32")]
    [InlineData("--k", "abc", "--k is 'abc'|a whole number")]
    [InlineData("--k", "99999999999", "--k is '99999999999'|at most 2147483647")]
    [InlineData("--lr", "0", "--lr is 0|above 0")]
    [InlineData("--lr", "NaN", "--lr is NaN|above 0")]
    [InlineData("--lr", "fast", "--lr is 'fast'|a number")]
    [InlineData("--tokens", "255", "--tokens is 255|less than one batch of 256|raise --tokens or lower --batch")]
    [InlineData("--buffer", "8", "--buffer is 8 contexts of 32|two batches of 256|at least 16")]
    [InlineData("--context", "1", "--context is 1|at least 2")]
    [InlineData("--context", "600", "--context is 600|512 positions")]
    [InlineData("--type", "sea", "--type is 'sea'|mxd, transcoder")]
    [InlineData("--activation", "tanh", "--activation is 'tanh'|relu, gelu")]
    [InlineData("--schedule", "steps", "--schedule is 'steps'|constant, linear-decay")]
    [InlineData("--device", "gpu", "'gpu' is not a device|use cpu")]
    [InlineData("--input", "blocks.1.mlp", "Hook point 'blocks.1.mlp' is not known|hook_mlp_out")]
    [InlineData("--output", "blocks.0.hook_mlp_out", "comes before --input|exchange them")]
    [InlineData("--output", "blocks.5.hook_mlp_out", "layer 5|has 3 layers")]
    [InlineData("--held-out", "1.5", "--held-out is 1.5|above 0 and below 1")]
    [InlineData("--experts", "500000000", "needs|GB of memory|this machine has|lower|--experts")]
    [InlineData("--experts", "9000000000000000000", "--experts is 9000000000000000000|at most")]
    [InlineData("--model", "no-such.gguf", "no-such.gguf does not exist")]
    [InlineData("--model", "gpt2", "Model gpt2 is not in the cache|HF_HUB_OFFLINE|name a folder or .gguf file")]
    [InlineData("--model", "./gpt2", "gpt2 does not exist|pass a hub id (owner/name), a folder")]
    [InlineData("--text", "no-such.jsonl", "no-such.jsonl does not exist")]
    public void AValueThatCannotBe_IsNamedWithRuleAndFix(string option, string value, string problem) =>
        AssertRefused(Train.With(option, value), problem);

    [Fact]
    public void HiddenWidth_ForATranscoder_IsRefused() =>
        AssertRefused(Train.With("--type", "transcoder"), "--hidden is 24|'transcoder' has no hidden layer|leave it out");

    [Fact]
    public void ModelCutShort_IsRefused()
    {
        byte[] bytes = File.ReadAllBytes(Files.Model);
        string cut = Folder.File("cut.gguf");
        File.WriteAllBytes(cut, bytes[..(bytes.Length / 2)]);

        AssertRefused(Train.With("--model", cut), $"{cut}|{bytes.Length / 2}|cut short");
    }

    [Fact]
    public void ModelWithoutOneOfItsTensors_IsRefused() =>
        AssertRefused(Train.With("--model", Damage("blk.2.ffn_down.weight"u8, "blk.2.ffn_dawn.weight"u8)), "has no tensor 'blk.2.ffn_down.weight'|'blk.2.ffn_dawn.weight'");

    [Fact]
    public void ModelOfAnotherArchitecture_IsRefused() =>
        AssertRefused(Train.With("--model", Damage("\u0005\0\0\0\0\0\0\0llama"u8, "\u0005\0\0\0\0\0\0\0mamba"u8)), "holds a 'mamba' model|llama");

    [Fact]
    public void EmptyText_IsRefused() =>
        AssertRefused(Train.With("--text", Folder.Write("empty.jsonl", "")), "empty.jsonl is empty (0 bytes)|name a file");

    [Fact]
    public void TextTooShortForOneContext_IsRefused() =>
        AssertRefused(Train.With("--text", Folder.Write("short.txt", "A few words.")), "The text has 13 tokens|one context of 32 takes 31|more text");

    [Fact]
    public void UnknownKindOfText_IsRefused() =>
        AssertRefused(Train.With("--text", Folder.Write("page.html", "<p>")), "page.html|.html|.jsonl");

    [Fact]
    public void FirstLineThatIsNotJson_IsRefused() =>
        AssertRefused(Train.With("--text", Folder.Write("bad.jsonl", "{\"text\": \"a\"\n")), "bad.jsonl, line 1 is not JSON");

    [Fact]
    public void LateLineThatIsNotJson_IsRefused_ByItsNumber()
    {
        string text = Folder.Write("bad.jsonl", File.ReadAllText(Files.TrainText) + "not json\n");

        AssertRefused(Train.With("--text", text), "bad.jsonl, line 301 is not JSON|begins 'not json'");
    }

    [Fact]
    public void LateValidationLineWithoutText_IsRefused()
    {
        string text = Folder.Write("bad.jsonl", File.ReadAllText(Files.HeldOutText) + "{\"body\": \"a\"}\n");

        AssertRefused(Train.With("--validation", text).With("--validation-contexts", "100000"), "bad.jsonl, line 41 has no field 'text'|'body'");
    }

    [Fact]
    public void ExistingRun_IsNotOverwritten()
    {
        Folder.Write("run", "a file that was there");

        AssertRefused(Train, $"{Run} exists already|name another --out|--resume");
        Assert.Equal("a file that was there", File.ReadAllText(Run));
    }

    [Fact]
    public void FolderThatIsNotEmpty_IsNotWrittenInto()
    {
        Directory.CreateDirectory(Run);
        Folder.Write("run/mine.txt", "mine");

        AssertRefused(Train, $"{Run} exists already");
    }

    [Fact]
    public void RunBelowAFile_IsRefused()
    {
        string file = Folder.Write("file", "");

        AssertRefused(Train.With("--out", Path.Combine(file, "a", "run")), $"cannot be made, because {file} is a file|name another --out");
    }

    [Fact]
    public void RunWhereNothingCanBeWritten_IsRefused()
    {
        Assert.SkipUnless(Directory.Exists("/proc/self"), "Only Linux has a folder in which nobody may write.");

        AssertRefused(Train.With("--out", "/proc/self/run"), "/proc/self/run cannot be made|name another --out");
    }

    [Fact]
    public void SeveralProblems_AreAllNamedAtOnce() => AssertRefused(
        Train.With("--type", "sea").With("--lr", "-1").With("--k", "0").With("--layer", "7").With("--text", Folder.File("none.txt")).With("--out", Files.Model),
        "--type is 'sea'",
        "--lr is -1",
        "--k is 0",
        $"{Files.Model} exists already",
        "none.txt does not exist",
        "--layer is 7");

    [Fact]
    public void MissingOptions_AreAllNamedAtOnce_BesideWhatIsWrong() => Tool.Run("train", "--k", "many", "--colour", "red").Refused(
        "--colour is not an option of 'mxd train'|mxd train --help",
        "--k is 'many'",
        "--model is missing|give the language model",
        "--layer is missing|give the layer",
        "--text is missing|give the training text",
        "--out is missing|give the folder");

    [Theory]
    [InlineData("MXD_PATH", "MXD_PATH is 'quick'|fast|readable|tiled")]
    [InlineData("MXD_BFLOAT16", "MXD_BFLOAT16 is 'quick'|fast|slow")]
    public void AVariableOfTheEnvironment_IsRefusedLikeAnOption(string variable, string message)
    {
        ProcessStartInfo start = Tool.Describe(Train.Arguments);
        start.Environment[variable] = "quick";
        new RunningTool(start).WaitForExit().Refused(message);
    }

    [Fact]
    public void AnOptionGivenTwice_IsRefused() => Tool.Run([.. Train.Arguments, "--k", "5"]).Refused("--k is given 2 times (4, 5)|give it once");

    [Fact]
    public void TrainingThatDiverges_EndsWith1_InOneLine()
    {
        ToolResult result = Train.With("--lr", "1e30").Run();

        Assert.Equal(1, result.ExitCode);
        Assert.Empty(result.Output);
        Assert.Matches(@"^mxd: The loss became \S+ at step \d+: lower --lr or raise --warmup\.$", result.ErrorLines[^1]);
    }

    /// <summary>A copy of the model in which the first of some bytes are others.</summary>
    private string Damage(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> others)
    {
        byte[] model = File.ReadAllBytes(Files.Model);
        others.CopyTo(model.AsSpan(model.AsSpan().IndexOf(bytes)));
        File.WriteAllBytes(Folder.File("damaged.gguf"), model);
        return Folder.File("damaged.gguf");
    }

    /// <summary>Asserts that a call is refused with a line for each problem, and that not one file was made or removed.</summary>
    private void AssertRefused(TrainCall call, params string[] problems)
    {
        IReadOnlyList<string> before = Folder.Entries;
        ProcessStartInfo start = Tool.Describe(call.With("--json").Arguments);
        start.WorkingDirectory = Folder.Path;

        new RunningTool(start).WaitForExit().Refused(problems);

        Assert.Equal(before, Folder.Entries);
    }
}
