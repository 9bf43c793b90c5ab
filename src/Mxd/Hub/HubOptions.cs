using Mxd.Runtime;

namespace Mxd.Hub;

/// <summary>Where the hub is, where its files are kept, and who asks: by default as Hugging Face's own library reads it from the environment.</summary>
public sealed class HubOptions
{
    private const string StandardEndpoint = "https://huggingface.co";

    /// <summary>Address of the hub, without a slash at its end.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>Folder of the cache, in the layout that the Python library shares.</summary>
    public required string Cache { get; init; }

    /// <summary>Access token; sent to <see cref="Endpoint"/> alone and never shown.</summary>
    public string? Token { get; init; }

    /// <summary>Is the cache all there is?</summary>
    public bool IsOffline { get; init; }

    /// <summary>Longest wait for an answer, and between two pieces of it.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Wait before a first repetition; it doubles with each.</summary>
    public TimeSpan FirstWait { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>HF_ENDPOINT, HF_HUB_CACHE, HF_HOME, HF_TOKEN, HF_TOKEN_PATH and HF_HUB_OFFLINE, and the older names of some.</summary>
    /// <exception cref="MxdInputException">HF_ENDPOINT is no address.</exception>
    public static HubOptions FromEnvironment()
    {
        string home = Read("HF_HOME") ?? Path.Combine(Read("XDG_CACHE_HOME") ?? Path.Combine(UserHome, ".cache"), "huggingface");
        string endpoint = (Read("HF_ENDPOINT") ?? StandardEndpoint).TrimEnd('/');
        if (!Uri.TryCreate(endpoint, UriKind.Absolute, out Uri? address) || address.Scheme is not ("http" or "https"))
            throw new MxdInputException($"HF_ENDPOINT is '{endpoint}'; it must be an address such as {StandardEndpoint}.");
        return new HubOptions
        {
            Endpoint = address,
            Cache = Expand(Read("HF_HUB_CACHE") ?? Read("HUGGINGFACE_HUB_CACHE") ?? Path.Combine(home, "hub")),
            Token = Read("HF_TOKEN") ?? Read("HUGGING_FACE_HUB_TOKEN") ?? Stored(Expand(Read("HF_TOKEN_PATH") ?? Path.Combine(home, "token"))),
            IsOffline = IsSet("HF_HUB_OFFLINE") || IsSet("TRANSFORMERS_OFFLINE"),
        };
    }

    private static string UserHome => Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);

    private static string? Read(string name) => Environment.GetEnvironmentVariable(name)?.Trim() is { Length: > 0 } value ? value : null;

    private static bool IsSet(string name) => Read(name)?.ToUpperInvariant() is "1" or "ON" or "YES" or "TRUE";

    private static string Expand(string path) => Path.GetFullPath(path.StartsWith("~/", StringComparison.Ordinal) ? Path.Combine(UserHome, path[2..]) : path);

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
