using Mxd.Cli.Tests.Fixtures;

namespace Mxd.Cli.Tests.Eval;

/// <summary>Runs to evaluate: an mxd and a transcoder at different layers, measured on the same held-out file.</summary>
public sealed class TrainedRuns : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public TrainedRuns(TinyFiles files)
    {
        TrainCall.Small(files, Mixture).Run().Succeeded();
        TrainCall.Small(files, Transcoder).Transcoder.With("--layer", "2").Run().Succeeded();
    }

    /// <summary>At layer 1.</summary>
    public string Mixture => folder.File("mixture");

    /// <summary>At layer 2.</summary>
    public string Transcoder => folder.File("transcoder");

    public void Dispose() => folder.Dispose();
}
