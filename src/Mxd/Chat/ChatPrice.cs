using System.Globalization;
using Mxd.Runtime;

namespace Mxd.Chat;

/// <summary>What a service takes, in any currency.</summary>
/// <param name="Input">For a million tokens of questions.</param>
/// <param name="Output">For a million tokens of answers.</param>
public sealed record ChatPrice(double Input, double Output)
{
    private const double Million = 1e6;

    /// <summary>Reads <c>IN,OUT</c>.</summary>
    /// <exception cref="MxdInputException">It is no price.</exception>
    public static ChatPrice Parse(string text)
    {
        string[] parts = text.Split(',');
        return parts.Length == 2 && Read(parts[0]) is { } input && Read(parts[1]) is { } output
            ? new ChatPrice(input, output)
            : throw new MxdInputException($"--price is '{text}'; give two numbers with a comma between, the price of a million tokens of questions and of answers, such as 0.15,0.60.");
    }

    public double Of(long inputTokens, long outputTokens) => (inputTokens * Input + outputTokens * Output) / Million;

    private static double? Read(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value) ? value : null;
}
