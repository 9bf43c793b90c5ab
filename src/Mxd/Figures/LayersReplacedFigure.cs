using System.Globalization;
using Mxd.Evaluation;

namespace Mxd.Figures;

/// <summary>What replacing more and more layers adds to a language model's cross-entropy: a line a sequence, beside what each layer adds alone and what ablations of the same layers add.</summary>
/// <param name="sets">What was measured.</param>
/// <param name="model">The language model's id.</param>
public sealed class LayersReplacedFigure(IReadOnlyList<LayersReplaced> sets, string model)
{
    /// <summary>The name of its files.</summary>
    public const string Name = "layers-replaced";

    /// <summary>Where the largest value is as many times the smallest, the axis is logarithmic.</summary>
    private const double WideRange = 8;

    /// <summary>Layers that the axis names; of more it gives the number alone.</summary>
    private const int NamedLayers = 12;

    private readonly LayersReplaced[][] sequences = [.. sets.GroupBy(set => set.Sequence).Select(sequence => sequence.ToArray())];

    public Chart Chart
    {
        get
        {
            var palette = new Palette();
            ChartSeries[] series = [.. sequences.SelectMany(sequence => Lines(sequence, palette.Next(sequence[0].Sequence.Type ?? ""))), .. Ablations()];
            double[] values = [.. series.SelectMany(s => s.Points).SelectMany(p => new[] { p.Low, p.High })];
            bool isLog = values.Min() > 0 && values.Max() > WideRange * values.Min();
            CostOfReplacement any = sets[0].Measured.Cost;
            return new Chart
            {
                Title = $"What replacing layers adds to the cross-entropy of {ModelName.Of(model)}",
                Subtitle = $"The shallowest first; bands: ± one standard error over {any.Contexts:n0} contexts; hollow: sum of what each adds alone",
                X = new ChartAxis("layers replaced") { Names = Names(), Minimum = -0.15, Maximum = sequences.Max(s => s.Length) - 0.85 },
                Y = new ChartAxis($"increase of the cross-entropy (nats), the model's is {any.CrossEntropy.Model.ToString("f3", CultureInfo.InvariantCulture)}", isLog ? AxisScale.Logarithmic : AxisScale.Linear),
                Series = series,
                References = isLog ? [] : [new ChartReference("the model itself", 0, new SeriesStyle(Palette.Black, Marker.None, Dash.Solid), KeepInView: true)],
            };
        }
    }

    private static IEnumerable<ChartSeries> Lines(LayersReplaced[] sequence, SeriesStyle style)
    {
        yield return new ChartSeries(
            sequence[0].Sequence.Title, Points(sequence, s => (s.Cost.CrossEntropyIncrease.Spliced, s.Cost.StandardErrors.CrossEntropyIncrease.Spliced)), style);
        yield return new ChartSeries("", Points(sequence, s => (s.SumOfIncreases.Spliced, double.NaN)), style with { Dash = Dash.ShortDashes, IsHollow = true });
    }

    /// <summary>Of sequences of the same layers once.</summary>
    private IEnumerable<ChartSeries> Ablations()
    {
        LayersReplaced[][] different = [.. sequences.DistinctBy(sequence => string.Join(' ', sequence[^1].Layers))];
        foreach (LayersReplaced[] sequence in different)
        {
            string layers = different.Length > 1 ? $", {sequence[0].Sequence.Title}" : "";
            yield return new ChartSeries($"MLPs set to zero{layers}", Points(sequence, s => (s.Cost.CrossEntropyIncrease.ZeroAblated, s.Cost.StandardErrors.CrossEntropyIncrease.ZeroAblated)), Grey(Dash.Dotted));
            yield return new ChartSeries($"MLPs set to their means{layers}", Points(sequence, s => (s.Cost.CrossEntropyIncrease.MeanAblated, s.Cost.StandardErrors.CrossEntropyIncrease.MeanAblated)), Grey(Dash.DashDot));
        }
    }

    private static SeriesStyle Grey(Dash dash) => new(Palette.Grey, Marker.None, dash);

    private static ChartPoint[] Points(LayersReplaced[] sequence, Func<SetCost, (double Y, double Error)> of) => [.. sequence.Select((set, i) => new ChartPoint(i, of(set.Measured).Y, of(set.Measured).Error))];

    /// <summary>Under the number the layer that comes with it, where all sequences have the same.</summary>
    private string[] Names()
    {
        LayersReplaced[] longest = sequences.MaxBy(sequence => sequence.Length)!;
        bool areNamed = longest.Length <= NamedLayers && sequences.All(sequence => sequence[^1].Layers.SequenceEqual(longest[^1].Layers.Take(sequence.Length)));
        return [.. longest.Select((set, i) => areNamed ? $"{i + 1}: {(i == 0 ? "layer " : "+ ")}{set.Layers[^1]}" : $"{i + 1}")];
    }
}
