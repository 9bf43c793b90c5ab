using Mxd.Evaluation.Frontiers;

namespace Mxd.Figures;

/// <summary>The styles of a frontier's lines, the same in all its figures: by type, grey for controls, hollow for what comes from elsewhere.</summary>
internal sealed class LineStyles
{
    private static readonly Dash[] controlDashes = [Dash.LongDashes, Dash.ShortDashes, Dash.DashDot];
    private static readonly Marker[] controlMarkers = [Marker.Pentagon, Marker.Star, Marker.Square, Marker.Diamond, Marker.Triangle];

    private readonly Dictionary<FrontierLine, SeriesStyle> styles = new(ReferenceEqualityComparer.Instance);

    public LineStyles(Frontier frontier)
    {
        var palette = new Palette();
        HashSet<string> published = [];
        FrontierLine[] controls = [.. frontier.Lines.Where(l => l.IsControl)];
        for (int i = 0; i < controls.Length; i++)
            styles[controls[i]] = new SeriesStyle(Palette.Grey, controlMarkers[i % controlMarkers.Length], controlDashes[i % controlDashes.Length], controls[i].Source is not null);
        // A type's first line has the type's own place before other types' further lines take it.
        foreach (FrontierLine line in frontier.Lines.Where(l => !l.IsControl).OrderBy(l => frontier.Lines.First(o => (o.Type, o.Source) == (l.Type, l.Source)) == l ? 0 : 1))
        {
            SeriesStyle? own = frontier.Lines.FirstOrDefault(l => l.Type == line.Type && l.Source is null) is { } first ? styles.GetValueOrDefault(first) : null;
            styles[line] = line.Source is null ? palette.Next(line.Type)
                : (own is not null && published.Add(line.Type) ? own : palette.Next(line.Type)) with { IsHollow = true, Dash = Dash.Dotted };
        }
    }

    public SeriesStyle this[FrontierLine line] => styles[line];
}
