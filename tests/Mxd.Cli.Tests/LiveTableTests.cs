using Mxd.Cli.CommandLine;
using Mxd.Layers;
using Mxd.Metrics;
using Mxd.Training;
using Spectre.Console;

namespace Mxd.Cli.Tests;

public sealed class LiveTableTests
{
    [Fact]
    public void Curve_GoesFromTheLargestToTheLeast() => Assert.Equal("█▅▁", LiveTable.Curve([3, 2.2, 1]));

    [Fact]
    public void Curve_OfMoreValuesThanItHasColumns_BeginsAndEndsWithTheFirstAndLast()
    {
        string curve = LiveTable.Curve([.. Enumerable.Range(0, 100).Select(i => 100.0 - i)], 10);
        Assert.Equal(10, curve.Length);
        Assert.Equal('█', curve[0]);
        Assert.Equal('▁', curve[^1]);
    }

    [Fact]
    public void OfManyRuns_ThoseMeasuredLastAreShown_InTheOrderInWhichTheyCame()
    {
        var table = new LiveTable();
        string[] names = [.. Enumerable.Range(0, 20).Select(i => $"run{i:d2}")];
        foreach (string name in names[..14]) table.Add(name, Line(1));
        // The first pass is over, but for one of its runs.
        foreach (string name in names[14..]) table.Add(name, Line(1));
        table.Add(names[2], Line(2));

        string[] lines = [.. Rendered(table).Split('\n').Select(line => line.Trim().Split(' ')[0])];

        Assert.Equal([names[2], .. names[9..]], lines.Where(names.Contains));
        Assert.Contains("and 8 more", Rendered(table), StringComparison.Ordinal);
    }

    private static MetricsLine Line(int step) => new(step, step * 256, 1e-3, new LossTerms(0.1), 4, 0, new Reconstruction(0.5, 0.05, 4, 0.1, 80, 0), 100, 200, 300);

    private static string Rendered(LiveTable table)
    {
        var text = new StringWriter();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(text) });
        console.Profile.Width = 120;
        console.Write(table.Render());
        return text.ToString();
    }

    [Fact]
    public void Curve_OfOneValue_OrOfNone_IsDrawn()
    {
        Assert.Equal("▁", LiveTable.Curve([1]));
        Assert.Equal("", LiveTable.Curve([]));
        Assert.Equal("▁ █", LiveTable.Curve([1, double.NaN, 2]));
    }
}
