using System.Globalization;

namespace Mxd.Runtime;

/// <summary>Numbers of bytes for people, in decimal units: 1 GB is 10^9 bytes.</summary>
public static class ByteSize
{
    private static readonly string[] units = ["kB", "MB", "GB", "TB", "PB", "EB"];

    /// <summary>Such as <c>999 B</c>, <c>1.2 GB</c>, <c>-4.0 kB</c>.</summary>
    public static string Format(long bytes)
    {
        if (bytes is > -1000 and < 1000) return string.Create(CultureInfo.InvariantCulture, $"{bytes} B");
        // Decimal: the rounding decides the unit too, so that 999,950 is 1.0 MB and not 1000.0 kB.
        decimal value = bytes / 1000m;
        int unit = 0;
        for (; Math.Abs(Math.Round(value, 1, MidpointRounding.AwayFromZero)) >= 1000; unit++) value /= 1000;
        return string.Create(CultureInfo.InvariantCulture, $"{Math.Round(value, 1, MidpointRounding.AwayFromZero):0.0} {units[unit]}");
    }

    /// <summary>Reads a whole number of bytes, or of a unit: <c>20GB</c>, <c>1.5 TB</c>, <c>256MiB</c>; null where the text is none, or more than can be counted.</summary>
    public static long? Parse(string text)
    {
        text = text.Trim();
        int end = text.Length;
        while (end > 0 && !char.IsAsciiDigit(text[end - 1])) end--;
        if (!decimal.TryParse(text[..end], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number)) return null;
        if (Factor(text[end..].Trim()) is not { } factor || number > long.MaxValue / factor) return null;
        return (long)(number * factor);
    }

    private static decimal? Factor(string unit)
    {
        if (unit is "" or "B") return 1;
        decimal factor = 1, binary = 1;
        foreach (string known in units)
        {
            (factor, binary) = (factor * 1000, binary * 1024);
            if (string.Equals(unit, known, StringComparison.OrdinalIgnoreCase)) return factor;
            if (string.Equals(unit, $"{known[0]}iB", StringComparison.OrdinalIgnoreCase)) return binary;
        }
        return null;
    }
}
