using System.Globalization;

namespace Mxd.Cli.CommandLine;

/// <summary>Lengths of time for people.</summary>
internal static class Duration
{
    /// <summary>Such as <c>2.1 s</c>, <c>12 min 05 s</c>, <c>3 h 07 min</c>.</summary>
    public static string Format(TimeSpan time)
    {
        CultureInfo culture = CultureInfo.InvariantCulture;
        if (time < TimeSpan.FromSeconds(59.95)) return string.Create(culture, $"{time.TotalSeconds:0.#} s");
        TimeSpan rounded = TimeSpan.FromSeconds(Math.Round(time.TotalSeconds));
        return rounded < TimeSpan.FromHours(1)
            ? string.Create(culture, $"{(int)rounded.TotalMinutes} min {rounded.Seconds:d2} s")
            : string.Create(culture, $"{(int)rounded.TotalHours} h {rounded.Minutes:d2} min");
    }
}
