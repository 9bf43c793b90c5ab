using Mxd.Cli.CommandLine;
using Mxd.Exploration;
using Mxd.Figures;
using Mxd.Training;

namespace Mxd.Cli.Commands;

/// <summary>The figure of how often units are active, where a folder for it was named.</summary>
internal static class UsageOutput
{
    private const string Name = "usage";

    /// <summary>Draws it, and says so to people.</summary>
    /// <param name="folder">Where to; null for nowhere.</param>
    /// <param name="layers">Run, kind of layer and use of each layer that was looked at on text.</param>
    /// <param name="isJson">Is what is printed for a program?</param>
    public static void Write(string? folder, IReadOnlyList<(RunFolder Run, string Type, UsageSummary Use)> layers, bool isJson)
    {
        if (folder is null) return;
        if (layers.Count > 0) Figure.Save(UsageFigure.Of(layers), folder, Name);
        if (!isJson) Output.Line(layers.Count > 0 ? $"Figure: {Path.Combine(folder, Name)}.svg" : "No figure: it takes units, and text, which was not at hand.");
    }
}
