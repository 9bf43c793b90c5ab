using System.Collections.Immutable;

namespace Mxd.Cli.Tests.Fixtures;

/// <summary>A training run of a second, option by option, so that a test can change one.</summary>
internal sealed record TrainCall(ImmutableSortedDictionary<string, string[]> Options)
{
    /// <summary>32 steps of 256 tokens.</summary>
    public static TrainCall Small(TinyFiles files, string run) => new TrainCall(ImmutableSortedDictionary.Create<string, string[]>(StringComparer.Ordinal))
        .With("--model", files.Model)
        .With("--layer", "1")
        .With("--text", files.TrainText)
        .With("--validation", files.HeldOutText)
        .With("--out", run)
        .With("--context", "32")
        .With("--batch", "256")
        .With("--tokens", "8192")
        .With("--buffer", "64")
        .With("--validation-contexts", "16")
        .With("--k", "4")
        .With("--experts", "32")
        .With("--hidden", "24")
        .With("--log-every", "4");

    /// <summary>The arguments after <c>mxd</c>.</summary>
    public IEnumerable<string> Arguments => ["train", .. Options.SelectMany(option => (string[])[option.Key, .. option.Value])];

    public TrainCall With(string option, params string[] values) => new(Options.SetItem(option, values));

    public TrainCall Without(params string[] options) => new(Options.RemoveRange(options));

    public TrainCall Transcoder => With("--type", "transcoder").Without("--hidden");

    public ToolResult Run() => Tool.Run(Arguments);
}
