using Mxd.Cli.Tests.Fixtures;

namespace Mxd.Cli.Tests.Sweep;

/// <summary>A sweep of 160 steps that was never stopped, for others to be held against.</summary>
public sealed class UninterruptedSweep : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public UninterruptedSweep(TinyFiles files) => SweepCall.Run(Call(files, Path)).Succeeded();

    public string Path => folder.File("sweep");

    internal static TrainCall Call(TinyFiles files, string path) =>
        SweepCall.Small(files, path).With("--tokens", $"{160 * 256}").With("--checkpoint-every", "2");

    public void Dispose() => folder.Dispose();
}
