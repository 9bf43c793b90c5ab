using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Mxd.Runtime;

namespace Mxd.Chat;

/// <summary>What a language model is asked.</summary>
/// <param name="System">How it is to answer.</param>
/// <param name="User">The question.</param>
public sealed partial record ChatPrompt(string System, string User)
{
    /// <summary>Bytes of UTF-8 that a token is taken for, and tokens around a message.</summary>
    private const int BytesOfToken = 4, OfMessage = 4;

    /// <summary>An estimate, by the length alone.</summary>
    public long EstimatedTokens => 2 * OfMessage + (Encoding.UTF8.GetByteCount(System) + Encoding.UTF8.GetByteCount(User) + BytesOfToken - 1) / BytesOfToken;

    /// <summary>Whatever an answer depends on, as 64 hexadecimal digits: who is asked, at which temperature, and every word of the question.</summary>
    public string KeyFor(ChatService service) => Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(
        new[] { service.Name, service.Temperature?.ToString("r", CultureInfo.InvariantCulture) ?? "", System, User }, Json.Compact)));

    /// <summary>Puts values into the places of a text: <c>{name}</c>. What is in a value is no place.</summary>
    public static string Fill(string text, params IReadOnlyList<(string Name, string Value)> values) =>
        Place().Replace(text.ReplaceLineEndings("\n"), place => values.FirstOrDefault(value => value.Name == place.Groups[1].Value) is { Name: not null } found ? found.Value : place.Value);

    [GeneratedRegex(@"\{([a-z]+)\}", RegexOptions.CultureInvariant)]
    private static partial Regex Place();
}
