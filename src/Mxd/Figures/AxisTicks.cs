using System.Globalization;

namespace Mxd.Figures;

/// <summary>A mark on an axis.</summary>
internal readonly record struct Tick(double Value, string Label);

/// <summary>Where an axis has marks, and how their numbers are written: as few digits as tell them apart.</summary>
internal static class AxisTicks
{
    /// <summary>Beyond these, powers of two are no longer numbers that people know.</summary>
    private const double SmallestPowerOfTwo = 0.25, LargestPowerOfTwo = 65536;

    /// <summary>From here on numbers are written in thousands, millions and more.</summary>
    private const double Shortened = 10_000;

    /// <param name="range">What the axis spans.</param>
    /// <param name="wanted">About how many; twice as many at most.</param>
    public static IReadOnlyList<Tick> Of(AxisRange range, int wanted)
    {
        if (range.Scale == AxisScale.Logarithmic)
        {
            bool isOfTwo = range is { Minimum: > SmallestPowerOfTwo / 2, Maximum: < LargestPowerOfTwo * 2 };
            double[] values = [.. (isOfTwo ? PowersOfTwo(range) : Decades(range, 1, 2, 5)).Where(range.Contains)];
            if (values.Length > 2 * wanted) values = isOfTwo ? [.. values.Where((_, i) => i % 2 == 0)] : [.. Decades(range, 1).Where(range.Contains)];
            if (values.Length >= 2) return [.. values.Select(v => new Tick(v, Short(v)))];
        }
        double step = Step((range.Maximum - range.Minimum) / wanted);
        long first = (long)Math.Ceiling(range.Minimum / step - 1e-9), last = (long)Math.Floor(range.Maximum / step + 1e-9);
        return [.. Enumerable.Range(0, (int)(last - first + 1)).Select(i => (first + i) * step).Select(v => new Tick(v, Written(v, step, range.Maximum)))];
    }

    private static IEnumerable<double> PowersOfTwo(AxisRange range)
    {
        for (int power = (int)Math.Floor(Math.Log2(range.Minimum)); power <= Math.Log2(range.Maximum) + 1; power++) yield return Math.Pow(2, power);
    }

    private static IEnumerable<double> Decades(AxisRange range, params int[] factors)
    {
        for (int power = (int)Math.Floor(Math.Log10(range.Minimum)); power <= Math.Log10(range.Maximum) + 1; power++)
            foreach (int factor in factors) yield return factor * Math.Pow(10, power);
    }

    /// <summary>1, 2 or 5 times a power of ten.</summary>
    private static double Step(double rough)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        double part = rough / power;
        return power * (part < 1.5 ? 1 : part < 3.5 ? 2 : part < 7.5 ? 5 : 10);
    }

    private static string Written(double value, double step, double largest)
    {
        (double unit, string name) = Unit(largest);
        int decimals = (int)Math.Clamp(-Math.Floor(Math.Log10(step / unit) + 1e-9), 0, 12);
        return value == 0 ? "0" : (value / unit).ToString("F" + decimals, CultureInfo.InvariantCulture) + name;
    }

    /// <summary>A number in its first digits, with k, M or G where it is large.</summary>
    private static string Short(double value)
    {
        (double unit, string name) = Unit(value);
        double written = value / unit;
        int decimals = written >= 100 ? 0 : Math.Clamp(2 - (int)Math.Ceiling(Math.Log10(written)), 0, 12);
        return written.ToString("0." + new string('#', decimals), CultureInfo.InvariantCulture) + name;
    }

    private static (double Unit, string Name) Unit(double largest) => Math.Abs(largest) switch
    {
        >= 1e9 => (1e9, " G"),
        >= 1e6 => (1e6, " M"),
        >= Shortened => (1e3, " k"),
        _ => (1, ""),
    };
}
