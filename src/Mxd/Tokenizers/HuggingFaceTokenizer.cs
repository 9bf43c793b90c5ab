using System.Text.Json;
using Mxd.Runtime;

namespace Mxd.Tokenizers;

/// <summary>Makes the tokenizer of a model's folder from its <c>tokenizer.json</c>: byte-level BPE in the forms that GPT-2, GPT-NeoX, Llama 3, Qwen 2 and SmolLM have.</summary>
public static class HuggingFaceTokenizer
{
    public const string FileName = "tokenizer.json";

    /// <summary>Largest file that is read; those of a quarter of a million tokens have 30 MB.</summary>
    private const long LongestFile = 512L << 20;

    /// <param name="folder">The model's folder; what begins and ends a sequence is in files beside the tokenizer's.</param>
    /// <exception cref="MxdInputException">The file is missing, damaged, or describes another kind of tokenizer.</exception>
    public static ITokenizer Load(string folder)
    {
        string path = Path.Combine(folder, FileName);
        if (!File.Exists(path)) throw new MxdInputException($"{folder} has no {FileName}, so it cannot turn text into ids: download that file too.");
        if (new FileInfo(path).Length is > LongestFile and var length) throw new MxdInputException($"{path} is {length} bytes long; a tokenizer has at most {LongestFile}.");
        (string? beginning, string? end) = SequenceTokens.Find(folder);
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            return new ByteLevelBpeTokenizer(new TokenizerJson(document.RootElement).Read(beginning, end));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or IOException or UnauthorizedAccessException)
        {
            throw new MxdInputException($"{path} is not a tokenizer as Hugging Face's library writes it ({OneLine.Of(e)}): download it again.", e);
        }
        catch (MxdInputException e)
        {
            throw new MxdInputException($"{path}: {e.Message}", e);
        }
    }
}
