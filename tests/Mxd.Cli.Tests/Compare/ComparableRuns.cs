using Mxd.Cli.Tests.Fixtures;

namespace Mxd.Cli.Tests.Compare;

/// <summary>Runs at one layer, evaluated alike: an mxd of two seeds, a transcoder and a dense control.</summary>
public sealed class ComparableRuns : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public ComparableRuns(TinyFiles files)
    {
        string[] names = ["mxd", "mxd-1", "transcoder", "dense"];
        TrainCall.Small(files, folder.File("mxd")).Run().Succeeded();
        TrainCall.Small(files, folder.File("mxd-1")).With("--seed", "1").Run().Succeeded();
        TrainCall.Small(files, Transcoder).Transcoder.Run().Succeeded();
        TrainCall.Small(files, folder.File("dense")).With("--type", "dense").Without("--k", "--experts").Run().Succeeded();
        Tool.Run(["eval", "--contexts", "8", "--run", .. names.Select(folder.File)]).Succeeded();
    }

    public string Folder => folder.Path;

    public string Transcoder => folder.File("transcoder");

    public void Dispose() => folder.Dispose();
}
