using System.Globalization;
using Mxd.Training;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Mxd.Cli.CommandLine;

/// <summary>How layers in training are doing: a row each of those measured last, in the order in which they came, with the last figures and the way their FVU took. Rows come from the thread that trains, another draws.</summary>
internal sealed class LiveTable
{
    /// <summary>Rows that leave room for what else is on a terminal of 24 lines.</summary>
    private const int MostRows = 12;

    /// <summary>Columns of the small curve.</summary>
    private const int CurveWidth = 12;

    private const string Levels = "▁▂▃▄▅▆▇█";

    private readonly Lock guard = new();
    private readonly OrderedDictionary<string, MeasuredRun> runs = [];
    private long measurements;

    public bool IsEmpty
    {
        get
        {
            lock (guard) return runs.Count == 0;
        }
    }

    public void Add(string run, MetricsLine line)
    {
        lock (guard)
        {
            if (!runs.TryGetValue(run, out MeasuredRun? measured)) runs[run] = measured = new MeasuredRun();
            measured.Lines.Add(line);
            measured.At = measurements++;
        }
    }

    public void Remove(string run)
    {
        lock (guard) runs.Remove(run);
    }

    public IRenderable Render()
    {
        Table table = new Table().Border(TableBorder.None);
        table.AddColumn("layer");
        foreach (string name in new[] { "step", "loss", "FVU", "L0", "dead", "tokens/s" }) table.AddColumn(new TableColumn(name).RightAligned());
        table.AddColumn("FVU so far");
        lock (guard)
        {
            // A pass that has ended is measured no more, and makes room for the one at work.
            long first = runs.Count > MostRows ? runs.Values.Select(r => r.At).OrderDescending().ElementAt(MostRows - 1) : 0;
            foreach ((string run, MeasuredRun measured) in runs.Where(r => r.Value.At >= first)) table.AddRow([.. Cells(run, measured.Lines).Select(Markup.Escape)]);
            if (runs.Count > MostRows) table.AddRow($"and {runs.Count - MostRows} more");
        }
        return table;
    }

    /// <summary>The last <paramref name="width"/> values or, of more, as many evenly spaced ones, as bars between the least and the largest.</summary>
    internal static string Curve(IReadOnlyList<double> values, int width = CurveWidth)
    {
        double[] shown = [.. Enumerable.Range(0, Math.Min(width, values.Count)).Select(i => values[values.Count <= width ? i : (int)((long)i * (values.Count - 1) / (width - 1))])];
        double[] finite = [.. shown.Where(double.IsFinite)];
        if (finite.Length == 0) return "";
        (double least, double range) = (finite.Min(), finite.Max() - finite.Min());
        return string.Concat(shown.Select(v => double.IsFinite(v) ? Levels[range > 0 ? (int)Math.Round((v - least) / range * (Levels.Length - 1)) : 0] : ' '));
    }

    private static string[] Cells(string run, List<MetricsLine> lines)
    {
        MetricsLine last = lines[^1];
        CultureInfo culture = CultureInfo.InvariantCulture;
        return
        [
            Path.GetFileName(run), last.Step.ToString(culture), last.Loss.Total.ToString("f5", culture), last.Validation.Fvu.ToString("f4", culture), last.Validation.L0.ToString("f1", culture),
            last.Validation.DeadFraction.ToString("p1", culture), last.TokensPerSecond.ToString("n0", culture), Curve([.. lines.Select(line => line.Validation.Fvu)]),
        ];
    }

    private sealed class MeasuredRun
    {
        public List<MetricsLine> Lines { get; } = [];

        /// <summary>How many measurements, of all runs, came before the last of this one.</summary>
        public long At { get; set; }
    }
}
