using Mxd.Cli.Tests.Fixtures;

namespace Mxd.Cli.Tests.Sweep;

/// <summary>A sweep of 64 steps that was never stopped, for others to be held against.</summary>
public sealed class UninterruptedSweep : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public UninterruptedSweep(TinyFiles files) => Printed = Tool.Run([.. SweepCall.Arguments(Call(files, Path)), "--json"]).Succeeded().Output;

    /// <summary>With <c>--json</c>.</summary>
    public string Printed { get; }

    public string Path => folder.File("sweep");

    /// <summary>The names of its run folders.</summary>
    public static string[] Names { get; } = ["mxd-k2", "mxd-k4", "linear"];

    internal static TrainCall Call(TinyFiles files, string path) =>
        SweepCall.Small(files, path).With("--type", "mxd,linear").With("--tokens", $"{64 * 256}").With("--checkpoint-every", "4");

    public void Dispose() => folder.Dispose();
}
