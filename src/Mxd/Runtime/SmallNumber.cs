using System.Globalization;

namespace Mxd.Runtime;

/// <summary>Numbers such as learning rates, as people write them.</summary>
internal static class SmallNumber
{
    /// <summary>3e-5 as 0.00003; with an exponent only where it would be long, and never with a sign that shells or people stumble over.</summary>
    public static string Write(double number) => Math.Abs(number) is >= 1e-7 and < 1e9
        ? ((decimal)number).ToString(CultureInfo.InvariantCulture)
        : number.ToString("0.###############e0", CultureInfo.InvariantCulture);
}
