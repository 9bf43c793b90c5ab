using System.Text.RegularExpressions;
using Mxd.Runtime;

namespace Mxd.Hub;

/// <summary>Where the hub is, where its files are kept, and who asks: by default as Hugging Face's own library reads it from the environment.</summary>
public sealed partial class HubOptions
{
    private const string StandardEndpoint = "https://huggingface.co";

    /// <summary>Address of the hub, without a slash at its end.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>Folder of the cache, in the layout that the Python library shares.</summary>
    public required string Cache { get; init; }

    /// <summary>Access token; sent to <see cref="Endpoint"/> alone and never shown.</summary>
    /// <exception cref="MxdInputException">It cannot be one.</exception>
    public string? Token
    {
        get;
        init => field = value is null || value.All(c => c is > ' ' and <= '~')
            ? value
            : throw new MxdInputException("The access token (HF_TOKEN, or the file that 'hf auth login' wrote) has spaces, line breaks or letters outside ASCII within: copy it again from the hub's settings.");
    }

    /// <summary>Is the cache all there is?</summary>
    public bool IsOffline { get; init; }

    /// <summary>Longest wait for an answer, and between two pieces of it.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Wait before a first repetition; it doubles with each.</summary>
    public TimeSpan FirstWait { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest list of files that is read, in bytes: a million files of long names.</summary>
    internal long LongestListing { get; init; } = 256L << 20;

    /// <summary>HF_ENDPOINT, HF_HUB_CACHE, HF_HOME, HF_TOKEN, HF_TOKEN_PATH and HF_HUB_OFFLINE, and the older names of some.</summary>
    /// <exception cref="MxdInputException">HF_ENDPOINT is no address.</exception>
    public static HubOptions FromEnvironment() => From(Environment.GetEnvironmentVariable);

    /// <summary>The same from any environment.</summary>
    /// <param name="environment">A variable's value, or null.</param>
    internal static HubOptions From(Func<string, string?> environment)
    {
        string home = Read("HF_HOME") ?? Path.Combine(Read("XDG_CACHE_HOME") ?? Path.Combine(UserHome, ".cache"), "huggingface");
        return new HubOptions
        {
            Endpoint = Address((Read("HF_ENDPOINT") ?? StandardEndpoint).TrimEnd('/')),
            Cache = FullPath(Read("HF_HUB_CACHE") ?? Read("HUGGINGFACE_HUB_CACHE") ?? Path.Combine(home, "hub")),
            Token = Read("HF_TOKEN") ?? Read("HUGGING_FACE_HUB_TOKEN") ?? Stored(FullPath(Read("HF_TOKEN_PATH") ?? Path.Combine(home, "token"))),
            IsOffline = IsSet("HF_HUB_OFFLINE") || IsSet("TRANSFORMERS_OFFLINE"),
        };

        string? Read(string name) => environment(name)?.Trim() is { Length: > 0 } value ? value : null;

        bool IsSet(string name) => Read(name)?.ToUpperInvariant() is "1" or "ON" or "YES" or "TRUE";

        // As Python expands them: ~ and variables that exist.
        string FullPath(string path)
        {
            path = Variable().Replace(path, match => environment(match.Groups[1].Value) ?? match.Value);
            return Path.GetFullPath(path == "~" || path.StartsWith("~/", StringComparison.Ordinal) ? UserHome + path[1..] : path);
        }
    }

    private static string UserHome => Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify);

    private static Uri Address(string endpoint)
    {
        if (!Uri.TryCreate(endpoint, UriKind.Absolute, out Uri? address) || address.Scheme is not ("http" or "https"))
            throw new MxdInputException($"HF_ENDPOINT is '{endpoint}'; it must be an address such as {StandardEndpoint}.");
        if (address.UserInfo.Length > 0)
            throw new MxdInputException($"HF_ENDPOINT has a user or a password in it, which would be shown and is not sent: give the address of {address.Host} alone, and a token in HF_TOKEN.");
        return address;
    }

    [GeneratedRegex(@"\$\{?(\w+)\}?", RegexOptions.CultureInvariant | RegexOptions.ECMAScript)]
    private static partial Regex Variable();

    private static string? Stored(string path)
    {
        try
        {
            return File.Exists(path) && File.ReadAllText(path).Trim() is { Length: > 0 } token ? token : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
