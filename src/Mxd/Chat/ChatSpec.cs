using System.Text.RegularExpressions;
using Mxd.Runtime;

namespace Mxd.Chat;

/// <summary>
/// A language model that a service offers, as people name it: <c>openai:MODEL</c>, <c>openai:MODEL@ADDRESS</c> for any service that speaks OpenAI's protocol, <c>ollama:MODEL</c>,
/// <c>ollama:MODEL@ADDRESS</c>; each with <c>#VARIABLE</c> at its end where the API key is in another environment variable than OPENAI_API_KEY.
/// </summary>
/// <param name="Provider">The protocol: <see cref="OpenAI"/> or <see cref="Ollama"/>.</param>
/// <param name="Model">The model, as the service calls it.</param>
/// <param name="Endpoint">Address of the service.</param>
/// <param name="KeyVariable">Environment variable that holds the API key; null where none is sent.</param>
public sealed partial record ChatSpec(string Provider, string Model, Uri Endpoint, string? KeyVariable)
{
    public const string OpenAI = "openai", Ollama = "ollama";

    private const string StandardKey = "OPENAI_API_KEY";

    private static readonly Uri openAI = new("https://api.openai.com/v1"), ollama = new("http://localhost:11434");

    /// <summary>The service and the model, without what is secret or says where a secret is.</summary>
    public string Name => Endpoint == Standard(Provider) ? $"{Provider}:{Model}" : $"{Provider}:{Model}@{Endpoint.ToString().TrimEnd('/')}";

    /// <summary>Is it on this machine?</summary>
    public bool IsLocal => Endpoint.IsLoopback;

    /// <summary>Reads a name.</summary>
    /// <param name="option">The option it was given for, for errors.</param>
    /// <param name="text">The name.</param>
    /// <exception cref="MxdInputException">It is none.</exception>
    public static ChatSpec Parse(string option, string text)
    {
        Match match = Form().Match(text);
        if (!match.Success)
            throw new MxdInputException($"{option} is '{text.Split('#')[0]}'; give openai:MODEL, openai:MODEL@ADDRESS, ollama:MODEL or ollama:MODEL@ADDRESS, such as openai:gpt-4o-mini or openai:MODEL@http://localhost:8000/v1, with #VARIABLE at its end where an environment variable of that name, in capitals, holds the API key.");
        string provider = match.Groups["provider"].Value, model = match.Groups["model"].Value;
        // Before a second @ there may be a password.
        if (!match.Groups["address"].Success && model.Contains('@', StringComparison.Ordinal))
            throw new MxdInputException($"{option} names the model {(model.Count(c => c == '@') == 1 ? $"'{model}'" : "in a way")} that has an @ and no address after it: write http:// or https:// before the address, such as {provider}:MODEL@http://localhost:8000/v1.");
        Uri endpoint = match.Groups["address"] is { Success: true } address ? Address(option, address.Value) : Standard(provider);
        string? variable = match.Groups["variable"] is { Success: true } named ? named.Value : endpoint == openAI ? StandardKey : null;
        if (variable is not null && endpoint.Scheme == "http" && !endpoint.IsLoopback)
            throw new MxdInputException($"{option} names {endpoint.Host} over http, where an API key could be read on its way: give an https address, or leave #{variable} out.");
        return new ChatSpec(provider, model, endpoint, variable);
    }

    /// <summary>The API key; null where none is sent.</summary>
    /// <param name="environment">A variable's value, or null.</param>
    /// <exception cref="MxdInputException">It is not there, or cannot be one; the message has none of it.</exception>
    public string? ReadKey(Func<string, string?> environment)
    {
        if (KeyVariable is null) return null;
        string key = environment(KeyVariable)?.Trim() ?? "";
        if (key.Length == 0) throw new MxdInputException($"{Name} needs an API key, and {KeyVariable} is not set: set it, or name another environment variable at the end, {Name}#VARIABLE.");
        return key.All(c => c is > ' ' and <= '~') ? key : throw new MxdInputException($"The API key in {KeyVariable} has spaces, line breaks or letters outside ASCII within: copy it again.");
    }

    private static Uri Standard(string provider) => provider == OpenAI ? openAI : ollama;

    private static Uri Address(string option, string text)
    {
        if (text.Contains('@', StringComparison.Ordinal)) throw new MxdInputException($"{option} has a user or a password in its address, which would be shown: give the address alone, and #VARIABLE for the API key.");
        return Uri.TryCreate(text.TrimEnd('/'), UriKind.Absolute, out Uri? address) && address.Query.Length == 0
            ? address
            : throw new MxdInputException($"{option} has the address '{text}', which is none: give one such as http://localhost:8000/v1.");
    }

    // Variables are in capitals, so that a key pasted in the place of its name is none, and is not shown.
    [GeneratedRegex(@"^(?<provider>openai|ollama):(?<model>[^\s#]+?)(@(?<address>(?i:https?)://[^#\s]+))?(#(?<variable>[A-Z_][A-Z0-9_]*))?$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Form();
}
