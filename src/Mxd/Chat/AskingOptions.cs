using Mxd.Runtime;

namespace Mxd.Chat;

/// <summary>Options of commands that ask language models of services.</summary>
public sealed record AskingOptions
{
    [Option("--price", "What a service takes for a million tokens of questions and of answers; several prices are those of the services in their order.", ValueName = "in,out")]
    public IReadOnlyList<string> Price { get; init; } = [];

    [Option("--yes", "Ask services without asking you first.")]
    public bool Yes { get; init; }

    [Option("--parallel", "Requests at a time.")]
    public int Parallel { get; init; } = 4;

    [Option("--retries", "How often a request is repeated that a service refuses for now or does not answer, after growing waits.")]
    public int Retries { get; init; } = new ChatPatience().Retries;

    [Option("--timeout", "Seconds to wait for an answer.")]
    public int Timeout { get; init; } = 120;

    [Option("--no-temperature", "Leave the temperature to the service, for models that take no other than their own (default: 0).")]
    public bool NoTemperature { get; init; }

    /// <summary>How long a service is asked again.</summary>
    public ChatPatience Patience => new() { Retries = Retries, Timeout = TimeSpan.FromSeconds(Timeout) };

    /// <summary>The price of a service; null where it is not known.</summary>
    /// <param name="place">Which of the services.</param>
    public ChatPrice? PriceOf(int place) => Price.Count == 0 ? null : ChatPrice.Parse(Price[Price.Count == 1 ? 0 : place]);

    /// <summary>Every rule these options break, a line each.</summary>
    /// <param name="services">Services that are asked.</param>
    internal IEnumerable<string> Problems(int services)
    {
        if (Parallel is < 1 or > 64) yield return $"--parallel is {Parallel}; it must be from 1 to 64.";
        if (Retries is < 0 or > 100) yield return $"--retries is {Retries}; it must be from 0 to 100.";
        if (Timeout is < 1 or > 86400) yield return $"--timeout is {Timeout}; it must be from 1 to 86400 seconds.";
        if (Price.Count > 1 && Price.Count != services) yield return $"--price has {Price.Count} prices for {services} services: give one, or one each.";
        var problems = new ProblemList();
        foreach (string price in Price) problems.Collect(() => { ChatPrice.Parse(price); });
        foreach (string line in problems.Lines) yield return line;
    }
}
