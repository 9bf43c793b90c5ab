using Mxd.Cli.Tests.Fixtures;

namespace Mxd.Cli.Tests.Train;

public sealed class RepeatedTrainTests(TinyFiles files) : CliTests(files)
{
    [Theory]
    [InlineData("mxd")]
    [InlineData("transcoder")]
    public void SameCommand_GivesTheSameBytes_AnotherSeedDoesNot(string type)
    {
        TrainCall call = type == "mxd" ? Train : Train.Transcoder;

        RunFiles first = Make(call, "first"), second = Make(call, "second"), other = Make(call.With("--seed", "1"), "other");

        Assert.Equal(first.Layer, second.Layer);
        Assert.Equal(first.MetricsWithoutRates, second.MetricsWithoutRates);
        Assert.NotEqual(first.Layer, other.Layer);
    }

    [Fact]
    public void SameCommand_WithTwoThreads_GivesTheSameBytes()
    {
        byte[][] layers = [.. new[] { "first", "second" }.Select(name =>
        {
            System.Diagnostics.ProcessStartInfo start = Tool.Describe(Train.With("--out", Folder.File(name)).Arguments);
            start.Environment["OMP_NUM_THREADS"] = "2";
            new RunningTool(start).WaitForExit().Succeeded();
            return new RunFiles(Folder.File(name)).Layer;
        })];

        Assert.Equal(layers[0], layers[1]);
    }

    private RunFiles Make(TrainCall call, string name)
    {
        call.With("--out", Folder.File(name)).Run().Succeeded();
        return new RunFiles(Folder.File(name));
    }
}
