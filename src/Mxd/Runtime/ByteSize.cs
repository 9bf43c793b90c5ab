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
}
