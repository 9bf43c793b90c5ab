using System.Globalization;
using Mxd.Runtime;

namespace Mxd.Evaluation.Frontiers;

/// <summary>A line of a table of points, its fields read by the names of their columns; what is wrong with them is gathered.</summary>
internal sealed class FrontierCsvRow(string[] columns, string[] fields, string where, ProblemList problems)
{
    public FrontierPoint Point()
    {
        problems.AddIf(fields.Length != columns.Length, $"{where} has {fields.Length} fields where there are {columns.Length} columns.");
        problems.AddIf(Text("type") is null, $"{where} does not say of which type its layer is.");
        return new FrontierPoint
        {
            Source = Text("source"),
            Line = Text("line") ?? "",
            Type = Text("type") ?? "",
            Sparsity = Text("sparsity"),
            K = Count("k"),
            Units = Whole("units"),
            Hidden = Whole("hidden"),
            Parameters = Whole("parameters"),
            FlopsPerToken = Whole("flops_per_token"),
            TrainedTokens = Whole("trained_tokens"),
            LearningRate = Number("learning_rate"),
            Runs = Count("runs"),
            Measures = Measure.All.Where(m => Number(m.Name) is not null).ToDictionary(
                m => m.Name, m => new Statistic(Number(m.Name)!.Value, Number(m.Name + FrontierCsv.OverContexts) ?? double.NaN, Number(m.Name + FrontierCsv.BetweenSeeds) ?? double.NaN)),
        };
    }

    private string? Text(string column)
    {
        int place = Array.IndexOf(columns, column);
        return place >= 0 && place < fields.Length && fields[place].Trim() is { Length: > 0 } text ? text : null;
    }

    private long? Whole(string column) => Number(column) switch
    {
        null => null,
        { } value when Math.Abs(value) < 9e15 && value == Math.Floor(value) => (long)value,
        { } value => Wrong(column, value.ToString(CultureInfo.InvariantCulture), "a whole number"),
    };

    private int? Count(string column) => Whole(column) switch
    {
        null => null,
        { } value when value is >= 0 and <= int.MaxValue => (int)value,
        { } value => (int?)Wrong(column, value.ToString(CultureInfo.InvariantCulture), $"a number from 0 to {int.MaxValue}"),
    };

    private double? Number(string column)
    {
        if (Text(column) is not { } text) return null;
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value)) return value;
        Wrong(column, text, "a number");
        return null;
    }

    private long? Wrong(string column, string text, string expected)
    {
        problems.Add($"{where}: {column} is '{text}'; {expected} is expected.");
        return null;
    }
}
