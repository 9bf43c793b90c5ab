using Mxd.Cli.Tests.Fixtures;

namespace Mxd.Cli.Tests.Sweep;

/// <summary>A small sweep: the small training run's options, some of them as lists.</summary>
internal static class SweepCall
{
    /// <summary>Mxd and transcoder with K of 2 and 4, and both controls.</summary>
    public static TrainCall Small(TinyFiles files, string folder) => TrainCall.Small(files, folder)
        .With("--type", "mxd,transcoder,dense,linear")
        .With("--k", "2,4")
        .With("--contexts", "8");

    /// <summary>The names of its run folders.</summary>
    public static string[] Names { get; } = ["mxd-k2", "mxd-k4", "transcoder-k2", "transcoder-k4", "dense", "linear"];

    public static IEnumerable<string> Arguments(TrainCall call) => call.Arguments.Skip(1).Prepend("sweep");

    public static ToolResult Run(TrainCall call) => Tool.Run(Arguments(call));
}
