using Mxd.Runtime;

namespace Mxd.Chat;

/// <summary>A service that is to be asked, with all that a client of it needs.</summary>
/// <param name="Spec">Which model, where.</param>
/// <param name="Price">What it takes; null where that is not known.</param>
/// <param name="Temperature">Of its answers; null leaves it to the service.</param>
public sealed record NamedService(ChatSpec Spec, ChatPrice? Price, double? Temperature)
{
    /// <summary>The API key, which no text made of this has; null where none is sent.</summary>
    internal string? Key { get; init; }

    /// <summary>Does asking it cost nothing? What is on this machine is free unless it has a price: it may stand before a service that takes one.</summary>
    public bool IsFree => Price is null ? Spec.IsLocal : Price is { Input: 0, Output: 0 };

    /// <summary>Reads the names of services and their keys.</summary>
    /// <param name="option">The option they were given for.</param>
    /// <param name="names">As <see cref="ChatSpec"/> says.</param>
    /// <param name="asking">How they are asked.</param>
    /// <param name="environment">An environment variable's value, or null.</param>
    /// <param name="problems">Gets all that is wrong.</param>
    /// <returns>Those of which nothing is wrong.</returns>
    internal static IReadOnlyList<NamedService> ReadAll(string option, IReadOnlyList<string> names, AskingOptions asking, Func<string, string?> environment, ProblemList problems)
    {
        List<string> wrong = [.. asking.Problems(names.Count)];
        foreach (string problem in wrong) problems.Add(problem);
        List<NamedService> services = [];
        for (int i = 0; i < names.Count; i++)
        {
            int place = i;
            problems.Collect(() =>
            {
                ChatSpec spec = ChatSpec.Parse(option, names[place]);
                services.Add(new NamedService(spec, wrong.Count == 0 ? asking.PriceOf(place) : null, asking.NoTemperature ? null : 0) { Key = spec.ReadKey(environment) });
            });
        }
        problems.AddIf(services.Select(s => s.Spec.Name).Distinct().Count() < services.Count, $"{option} names the same model twice: name each once.");
        return services;
    }

    /// <summary>The service behind a client.</summary>
    /// <param name="create">Makes a client for a model and an API key, which may be null.</param>
    public ChatService Connect(Func<ChatSpec, string?, Microsoft.Extensions.AI.IChatClient> create) =>
        new(Spec.Name, create(Spec, Key)) { Price = Price, IsFree = IsFree, Temperature = Temperature };

    /// <summary>Without the key.</summary>
    public override string ToString() => Spec.Name;
}
