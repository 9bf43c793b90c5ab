using Mxd.Evaluation.Frontiers;

namespace Mxd.Figures;

/// <summary>The styles of a frontier's lines, the same in all its figures: by type, hollow for what comes from elsewhere.</summary>
internal sealed class LineStyles
{
    private readonly Dictionary<FrontierLine, SeriesStyle> styles = new(ReferenceEqualityComparer.Instance);

    public LineStyles(Frontier frontier)
    {
        var palette = new Palette();
        HashSet<string> published = [];
        foreach (FrontierLine line in frontier.Lines)
        {
            SeriesStyle? own = frontier.Lines.FirstOrDefault(l => l.Type == line.Type && l.Source is null) is { } first ? styles.GetValueOrDefault(first) : null;
            styles[line] = line.Source is null ? palette.Next(line.Type)
                : (own is not null && published.Add(line.Type) ? own : palette.Next(line.Type)) with { IsHollow = true, Dash = Dash.Dotted };
        }
    }

    public SeriesStyle this[FrontierLine line] => styles[line];
}
