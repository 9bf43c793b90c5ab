namespace Mxd.Figures;

/// <summary>A label beside the plot with a sample of its line.</summary>
/// <param name="Wanted">Where it would stand best: at the height of its line's end.</param>
/// <param name="Start">Where its line ends, if near the right edge: a thin line leads from there to the label.</param>
/// <param name="Beyond">-1: what it names lies above the plot, 1: below, 0: within.</param>
internal sealed record PlotEntry(string Label, SeriesStyle Style, double Wanted, Place? Start, int Beyond)
{
    /// <summary>Distance of two baselines.</summary>
    public const double LineHeight = 18;

    /// <summary>
    /// Heights as near to those wanted as the distance of two lines allows: neighbours that would touch form a block around their mean, blocks that
    /// touch merge, and none leaves [top, bottom].
    /// </summary>
    public static IReadOnlyList<double> Spread(IReadOnlyList<double> wanted, double top, double bottom)
    {
        List<Block> blocks = [];
        foreach (double height in wanted)
        {
            blocks.Add(new Block(height, 1));
            while (blocks.Count > 1 && blocks[^2].End(top, bottom) + LineHeight > blocks[^1].Begin(top, bottom))
            {
                (Block a, Block b) = (blocks[^2], blocks[^1]);
                blocks.RemoveRange(blocks.Count - 2, 2);
                blocks.Add(new Block((a.Mean * a.Count + b.Mean * b.Count) / (a.Count + b.Count), a.Count + b.Count));
            }
        }
        return [.. blocks.SelectMany(b => Enumerable.Range(0, b.Count).Select(i => b.Begin(top, bottom) + i * LineHeight))];
    }

    private readonly record struct Block(double Mean, int Count)
    {
        private double Height => (Count - 1) * LineHeight;

        public double Begin(double top, double bottom) => Math.Max(top, Math.Min(Mean - Height / 2, bottom - Height));

        public double End(double top, double bottom) => Begin(top, bottom) + Height;
    }
}
