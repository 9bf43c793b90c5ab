using System.Globalization;
using Mxd.Evaluation;

namespace Mxd.Figures;

/// <summary>What replacing more and more layers adds to a language model's cross-entropy: a line a stack, beside what each layer adds alone and what ablations of the same layers add.</summary>
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

    private readonly Palette palette = new();
    private readonly LayersReplaced[][] stacks = [.. sets.GroupBy(set => set.Stack).Select(stack => stack.ToArray())];

    public Chart Chart
    {
        get
        {
            ChartSeries[] series = [.. stacks.SelectMany(Lines), .. Ablations()];
            double[] values = [.. series.SelectMany(s => s.Points).SelectMany(p => new[] { p.Low, p.High })];
            bool isLog = values.Min() > 0 && values.Max() > WideRange * values.Min();
            CostOfReplacement any = sets[0].Measured.Cost;
            return new Chart
            {
                Title = $"What replacing layers adds to the cross-entropy of {ModelName.Of(model)}",
                Subtitle = $"The shallowest first; bands: ± one standard error over {any.Contexts:n0} contexts; hollow: sum of what each adds alone",
                X = new ChartAxis("layers replaced") { Names = Names(), Minimum = -0.15, Maximum = stacks.Max(s => s.Length) - 0.85 },
                Y = new ChartAxis($"increase of the cross-entropy (nats), the model's is {any.CrossEntropy.Model.ToString("f3", CultureInfo.InvariantCulture)}", isLog ? AxisScale.Logarithmic : AxisScale.Linear),
                Series = series,
                References = isLog ? [] : [new ChartReference("the model itself", 0, new SeriesStyle(Palette.Black, Marker.None, Dash.Solid), KeepInView: true)],
            };
        }
    }

    private IEnumerable<ChartSeries> Lines(LayersReplaced[] stack)
    {
        SeriesStyle style = palette.Next(stack[0].Stack.Type ?? "");
        yield return new ChartSeries(
            stack[0].Stack.Title, Points(stack, s => (s.Cost.CrossEntropyIncrease.Spliced, s.Cost.StandardErrors.CrossEntropyIncrease.Spliced)), style);
        yield return new ChartSeries("", Points(stack, s => (s.SumOfIncreases.Spliced, double.NaN)), style with { Dash = Dash.ShortDashes, IsHollow = true });
    }

    /// <summary>Of stacks of the same layers once.</summary>
    private IEnumerable<ChartSeries> Ablations()
    {
        LayersReplaced[][] different = [.. stacks.DistinctBy(stack => string.Join(' ', stack[^1].Layers))];
        foreach (LayersReplaced[] stack in different)
        {
            string layers = different.Length > 1 ? $", {stack[0].Stack.Title}" : "";
            yield return new ChartSeries($"MLPs set to zero{layers}", Points(stack, s => (s.Cost.CrossEntropyIncrease.ZeroAblated, s.Cost.StandardErrors.CrossEntropyIncrease.ZeroAblated)), Grey(Dash.Dotted));
            yield return new ChartSeries($"MLPs set to their means{layers}", Points(stack, s => (s.Cost.CrossEntropyIncrease.MeanAblated, s.Cost.StandardErrors.CrossEntropyIncrease.MeanAblated)), Grey(Dash.DashDot));
        }
    }

    private static SeriesStyle Grey(Dash dash) => new(Palette.Grey, Marker.None, dash);

    private static ChartPoint[] Points(LayersReplaced[] stack, Func<SetCost, (double Y, double Error)> of) => [.. stack.Select((set, i) => new ChartPoint(i, of(set.Measured).Y, of(set.Measured).Error))];

    /// <summary>Under the number the layer that comes with it, where all stacks have the same.</summary>
    private string[] Names()
    {
        LayersReplaced[] longest = stacks.MaxBy(stack => stack.Length)!;
        bool areNamed = longest.Length <= NamedLayers && stacks.All(stack => stack[^1].Layers.SequenceEqual(longest[^1].Layers.Take(stack.Length)));
        return [.. longest.Select((set, i) => areNamed ? $"{i + 1}: {(i == 0 ? "layer " : "+ ")}{set.Layers[^1]}" : $"{i + 1}")];
    }
}
