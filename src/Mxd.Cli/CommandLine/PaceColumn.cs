using Spectre.Console;
using Spectre.Console.Rendering;

namespace Mxd.Cli.CommandLine;

/// <summary>The words after a progress bar: share done, rate and time left.</summary>
internal sealed class PaceColumn : ProgressColumn
{
    /// <summary>Of the only bar there is.</summary>
    public Pace Pace { get; set; } = new(0, "");

    protected override bool NoWrap => true;

    public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) =>
        new Text(Pace.ToString());
}
