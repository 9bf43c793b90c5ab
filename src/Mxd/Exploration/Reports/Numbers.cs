using System.Globalization;

namespace Mxd.Exploration.Reports;

/// <summary>Numbers for people, each with its full value beside it for machines.</summary>
internal static class Numbers
{
    /// <summary>In place of a number that is undefined.</summary>
    private const string None = "–";

    private static readonly CultureInfo culture = CultureInfo.InvariantCulture;

    /// <summary>Such as 3.0214 ± 0.0051.</summary>
    public static Html WithError(double value, double error, string format = "f4")
    {
        Html shown = Exact(value, Signless(value.ToString(format, culture)));
        return double.IsFinite(error) ? Html.Of($"{shown} <span class=\"error\">± {error.ToString(format, culture)}</span>") : shown;
    }

    public static Html Plain(double? value, string format) => value is { } v ? Exact(v, Signless(v.ToString(format, culture))) : Html.Of($"<span class=\"none\">{None}</span>");

    /// <summary>A share as percentage with as many places as it takes to see it; a dash where it is undefined.</summary>
    public static string Share(double share) => share switch
    {
        double.NaN => None,
        0 => "0\u00a0%",
        > 0 and < 0.0001 => (100 * share).ToString("0.0000", culture) + "\u00a0%",
        > 0 and < 0.01 => (100 * share).ToString("0.00", culture) + "\u00a0%",
        >= 0.9995 and < 1.0005 => "100\u00a0%",
        _ => (100 * share).ToString("0.0", culture) + "\u00a0%",
    };

    /// <summary>Of any size, to three or four digits.</summary>
    public static string Short(double value) => Math.Abs(value) >= 1000 ? value.ToString("n0", culture) : value.ToString("0.###", culture) is var text && text is not ("0" or "-0") ? text : value.ToString("g3", culture);

    public static string Whole(long value) => value.ToString("n0", culture);

    /// <summary>Thousands, millions or billions, to three digits.</summary>
    public static string Rough(long value) => value switch
    {
        >= 1_000_000_000 => (value / 1e9).ToString("0.##", culture) + " billion",
        >= 1_000_000 => (value / 1e6).ToString("0.##", culture) + " million",
        _ => Whole(value),
    };

    private static Html Exact(double value, string shown) => double.IsFinite(value)
        ? Html.Of($"<data value=\"{value.ToString("r", culture)}\">{shown}</data>")
        : Html.Of($"<span class=\"none\">{None}</span>");

    /// <summary>A value that rounds to zero has no sign.</summary>
    private static string Signless(string shown) => shown.StartsWith('-') && shown.All(c => c is '-' or '0' or '.') ? shown[1..] : shown.Replace('-', '\u2212');
}
