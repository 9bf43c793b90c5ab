using System.Text.Json;
using Mxd.Runtime;

namespace Mxd.Chat;

/// <summary>Answers that were paid for, a file each, so that none is paid twice. What was asked is only in their names, as a hash.</summary>
public sealed class ChatCache(string folder)
{
    /// <summary>In the user's cache.</summary>
    public static ChatCache OfUser() => new(UserCache.Folder("chat"));

    /// <summary>An answer; null where there is none, or its file is damaged.</summary>
    public ChatAnswer? Find(string key)
    {
        try
        {
            return File.Exists(FileOf(key)) ? JsonSerializer.Deserialize<ChatAnswer>(File.ReadAllText(FileOf(key)), Json.Compact) : null;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Keeps an answer, where the cache can be written.</summary>
    public void Save(string key, ChatAnswer answer)
    {
        try
        {
            AtomicFile.WriteAllText(FileOf(key), JsonSerializer.Serialize(answer, Json.Compact));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Without a cache everything works, and costs again.
        }
    }

    private string FileOf(string key) => Path.Combine(folder, key[..2], key + ".json");
}
