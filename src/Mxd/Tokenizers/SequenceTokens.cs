using System.Text.Json;
using Mxd.Runtime;

namespace Mxd.Tokenizers;

/// <summary>What begins and ends a sequence, as <c>tokenizer_config.json</c> beside a tokenizer says.</summary>
internal static class SequenceTokens
{
    private const string FileName = "tokenizer_config.json";

    private const long LongestFile = 64L << 20;

    /// <exception cref="MxdInputException">The file is there and cannot be read.</exception>
    public static (string? Beginning, string? End) Find(string folder)
    {
        string path = Path.Combine(folder, FileName);
        if (!File.Exists(path)) return (null, null);
        if (new FileInfo(path).Length is > LongestFile and var length) throw new MxdInputException($"{path} is {length} bytes long; it has at most {LongestFile}: download it again.");
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            return (Token(document.RootElement, "bos_token"), Token(document.RootElement, "eos_token"));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or IOException or UnauthorizedAccessException)
        {
            throw new MxdInputException($"{path} is not a tokenizer's configuration as Hugging Face's library writes it ({OneLine.Of(e)}): download it again.", e);
        }
    }

    /// <summary>A token is its text, or an object with it.</summary>
    private static string? Token(JsonElement config, string name)
    {
        if (!config.TryGetProperty(name, out JsonElement token)) return null;
        if (token.ValueKind == JsonValueKind.Object) token = token.GetProperty("content");
        return token.ValueKind == JsonValueKind.String ? token.GetString() : null;
    }
}
