using Mxd.Cli.Tests.Fixtures;

namespace Mxd.Cli.Tests.Train;

/// <summary>A run of 160 steps that was never stopped, for others to be held against.</summary>
public sealed class UninterruptedRun : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public UninterruptedRun(TinyFiles files)
    {
        Call(files, folder.File("run")).Run().Succeeded();
        Files = new RunFiles(folder.File("run"));
    }

    internal RunFiles Files { get; }

    internal static TrainCall Call(TinyFiles files, string run) =>
        TrainCall.Small(files, run).With("--tokens", $"{160 * 256}").With("--checkpoint-every", "2");

    public void Dispose() => folder.Dispose();
}
