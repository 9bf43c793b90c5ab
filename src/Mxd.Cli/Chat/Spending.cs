using System.Globalization;
using Mxd.Chat;
using Mxd.Runtime;

namespace Mxd.Cli.Chat;

/// <summary>Says what asking services will take before they are asked, and what it took afterwards.</summary>
internal static class Spending
{
    /// <summary>Goes on where nothing can cost anything, or somebody agrees.</summary>
    /// <exception cref="MxdInputException">Nobody can be asked, and --yes is not given.</exception>
    /// <exception cref="OperationCanceledException">Somebody does not agree.</exception>
    public static void Agree(IReadOnlyList<ChatForecast> forecasts, AskingOptions asking)
    {
        foreach (ChatForecast forecast in forecasts) Console.Error.WriteLine(Line(forecast));
        if (!forecasts.Any(forecast => forecast.IsPaid) || asking.Yes) return;
        if (Console.IsInputRedirected || Console.IsErrorRedirected)
            throw new MxdInputException("These requests may cost something and nobody can be asked here: give --yes to make them.");
        Console.Error.Write("Ask? [y/N] ");
        if (Console.ReadLine()?.Trim().ToUpperInvariant() is "Y" or "YES") return;
        Console.Error.WriteLine("Nothing was asked.");
        throw new OperationCanceledException();
    }

    /// <summary>Such as "openai:m: 20 requests, about 9,000 tokens of questions (4 bytes each) and 400 of answers, without repetitions and thinking; cost not known (give --price)".</summary>
    private static string Line(ChatForecast forecast)
    {
        ChatUsage usage = forecast.Usage;
        if (usage.Requests == 0) return $"{forecast.Service.Name}: nothing to ask{Known(usage)}.";
        return Written($"{forecast.Service.Name}: {Counted(usage.Requests, "request")}{Known(usage)}, about {usage.InputTokens:n0} tokens of questions (4 bytes each) and {usage.OutputTokens:n0} of answers, without repetitions and thinking; {Cost(usage.Cost(forecast.Service), forecast.Service.IsFree, "about ")}.");
    }

    /// <summary>What asking took.</summary>
    public static string Took(string name, ChatUsage usage, double? cost, bool isFree)
    {
        if (usage.Requests == 0) return $"{name}: no new answers{Known(usage)}.";
        string uncounted = usage.Uncounted > 0 ? Written($" (without {usage.Uncounted:n0} that the service did not count)") : "";
        return Written($"{name}: {Counted(usage.Requests, "request")}{Known(usage)}, {usage.InputTokens:n0} tokens of questions and {usage.OutputTokens:n0} of answers{uncounted}; {Cost(cost, isFree, "")}.");
    }

    private static string Known(ChatUsage usage) => usage.Known > 0 ? $" ({Counted(usage.Known, "answer")} {(usage.Known == 1 ? "is" : "are")} known from before)" : "";

    private static string Counted(int count, string what) => Written($"{count:n0} {what}{(count == 1 ? "" : "s")}");

    private static string Cost(double? cost, bool isFree, string about) => isFree ? "free" : cost is { } known ? $"cost {about}{Amount(known)} in the unit of --price" : "cost not known (give --price)";

    /// <summary>Of two significant digits, or whole: costs of a fraction of a cent are seen, too.</summary>
    internal static string Amount(double cost)
    {
        int digits = cost > 0 ? Math.Clamp(1 - (int)Math.Floor(Math.Log10(cost)), 0, 15) : 0;
        return Math.Round(cost, digits).ToString("#,0.###############", CultureInfo.InvariantCulture);
    }

    private static string Written(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
