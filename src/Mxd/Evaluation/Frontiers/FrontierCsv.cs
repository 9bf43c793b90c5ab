using System.Globalization;
using CsvHelper;
using CsvHelper.Configuration;
using Mxd.Formats;
using Mxd.Runtime;

namespace Mxd.Evaluation.Frontiers;

/// <summary>
/// Points as a table: a line a point, numbers in full precision with a decimal point. What is not known is empty. Each measure has three columns:
/// itself, and its standard errors over contexts (<c>_se_contexts</c>) and between seeds (<c>_se_seeds</c>).
/// </summary>
public static class FrontierCsv
{
    internal const string OverContexts = "_se_contexts", BetweenSeeds = "_se_seeds";

    private static readonly string[] facts =
        ["source", "line", "type", "sparsity", "k", "units", "hidden", "parameters", "flops_per_token", "trained_tokens", "learning_rate", "runs"];

    public static IReadOnlyList<string> Columns { get; } = [.. facts, .. Measure.All.SelectMany(m => new[] { m.Name, m.Name + OverContexts, m.Name + BetweenSeeds })];

    public static string Write(IEnumerable<FrontierPoint> points)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        using var csv = new CsvWriter(text, new CsvConfiguration(CultureInfo.InvariantCulture) { NewLine = "\n" });
        foreach (string[] row in points.Select(Row).Prepend([.. Columns]))
        {
            foreach (string field in row) csv.WriteField(field);
            csv.NextRecord();
        }
        csv.Flush();
        return text.ToString();
    }

    /// <summary>Reads such a table, with its columns in any order and any but <c>type</c> left out.</summary>
    /// <exception cref="MxdInputException">A column that is none, a row that is too short, or a number that is none; all such are named.</exception>
    public static IReadOnlyList<FrontierPoint> Read(TextReader text, string what)
    {
        var problems = new ProblemList();
        var configuration = new CsvConfiguration(CultureInfo.InvariantCulture)
        {
            BadDataFound = bad => problems.Add($"{what}, line {bad.Context.Parser?.RawRow}: the quotation marks of '{bad.Field.ReplaceLineEndings(" ")}' do not stand around a whole field: remove the space before them, or double those inside."),
        };
        using var rows = new CsvParser(text, configuration);
        if (!rows.Read()) throw new MxdInputException($"{what} is empty where a line of column names is expected.");
        string[] columns = [.. rows.Record!.Select(c => c.Trim())];
        foreach (string column in columns.Except(Columns)) problems.Add($"{what} has a column '{column}', which is none of a table of points{NearestNames.Hint(column, Columns)}.");
        if (!columns.Contains("type")) problems.Add($"{what} has no column 'type', the kind of layer of each point: add it.");
        problems.ThrowIfAny();
        List<FrontierPoint> points = [];
        while (rows.Read())
        {
            var row = new FrontierCsvRow(columns, rows.Record!, $"{what}, line {rows.RawRow}", problems);
            points.Add(row.Point());
        }
        problems.AddIf(points.Count == 0, $"{what} has column names and no points.");
        problems.ThrowIfAny();
        return points;
    }

    private static string[] Row(FrontierPoint p) =>
    [
        p.Source ?? "", p.Line, p.Type, p.Sparsity ?? "", Number(p.K), Number(p.Units), Number(p.Hidden), Number(p.Parameters), Number(p.FlopsPerToken), Number(p.TrainedTokens),
        Number(p.LearningRate), Number(p.Runs), .. Measure.All.SelectMany(m => new[] { p[m].Mean, p[m].OverContexts, p[m].BetweenSeeds }).Select(v => Number((double?)v)),
    ];

    private static string Number(long? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "";

    private static string Number(int? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "";

    private static string Number(double? value) => value is { } number && double.IsFinite(number) ? number.ToString("R", CultureInfo.InvariantCulture) : "";
}
