using System.Text.Json;
using Mxd.Formats;
using Mxd.Runtime;

namespace Mxd.Tokenizers;

/// <summary>The parts of a <c>tokenizer.json</c>, each read in the forms that are known and otherwise refused by name.</summary>
internal sealed class TokenizerJson(JsonElement root)
{
    private const int MostTokens = 1 << 24;

    /// <summary>Ids without a token that a vocabulary may have beside as many as it has tokens.</summary>
    private const int SpareIds = 1000;

    /// <summary>Patterns of Split steps, as files write them, and the pre-tokenisers they are.</summary>
    private static readonly Dictionary<string, string> patterns = new(StringComparer.Ordinal)
    {
        [@"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"] = PreTokenizers.Llama,
        [@"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"] = PreTokenizers.Qwen,
        [@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"] = PreTokenizers.Gpt2,
    };

    /// <exception cref="MxdInputException">A part is of a kind that is not read.</exception>
    public BpeVocabulary Read(string? beginning, string? end)
    {
        JsonElement model = root.GetProperty("model");
        RequireByteLevel(model);
        AddedToken[] added = [.. Added()];
        Dictionary<int, string> byId = TokensById(model, added);
        // Ids that nothing has must exist all the same, so that the others keep theirs.
        string[] tokens = [.. Enumerable.Range(0, byId.Keys.Max() + 1).Select(id => byId.GetValueOrDefault(id) ?? $"<|no token {id}|>")];
        return new BpeVocabulary(
            tokens,
            Merges(model),
            [.. added.Where(t => !t.IsNormalised).Select(t => t.Id)],
            PreTokenizer(),
            IdOf(beginning, "<|begin_of_text|>"),
            IdOf(end, "<|end_of_text|>"))
        {
            IgnoresMerges = model.TryGetProperty("ignore_merges", out JsonElement whole) && whole.ValueKind == JsonValueKind.True,
            IsNormalised = IsNormalised(),
            TextTokens = [.. added.Where(t => t.IsNormalised).Select(t => t.Id)],
            MissingIds = [.. Enumerable.Range(0, tokens.Length).Where(id => !byId.ContainsKey(id))],
        };

        int? IdOf(string? named, string usual) => Array.IndexOf(tokens, named ?? usual) is >= 0 and var id ? id : null;
    }

    private static void RequireByteLevel(JsonElement model)
    {
        // Old files leave the kind out.
        string kind = model.TryGetProperty("type", out JsonElement type) ? type.GetString() ?? "" : "BPE";
        if (kind != "BPE") throw new MxdInputException($"the tokenizer is of kind {Shown.Name(kind)}; only byte-level BPE is read: use a model with such a tokenizer.");
        if (model.TryGetProperty("byte_fallback", out JsonElement fallback) && fallback.ValueKind == JsonValueKind.True)
            throw new MxdInputException("the tokenizer falls back to bytes (byte_fallback), as SentencePiece's do; only byte-level BPE is read: use a model with such a tokenizer.");
        foreach (string name in new[] { "continuing_subword_prefix", "end_of_word_suffix", "dropout" })
            if (model.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null && value.ToString() is not ("" or "0" or "0.0"))
                throw new MxdInputException($"the tokenizer has {name} = {Shown.Name(value.ToString())}, which is not supported: use another model.");
    }

    private static Dictionary<int, string> TokensById(JsonElement model, AddedToken[] added)
    {
        var byId = new Dictionary<int, string>();
        foreach (JsonProperty token in model.GetProperty("vocab").EnumerateObject()) Put(token.Value.GetInt32(), token.Name);
        foreach (AddedToken token in added) Put(token.Id, token.Content);
        if (byId.Count == 0) throw new MxdInputException("the vocabulary has no tokens; it needs at least one: download the file again.");
        int highest = byId.Keys.Max(), most = (int)Math.Min(MostTokens - 1, (2L * byId.Count) + SpareIds);
        return highest <= most
            ? byId
            : throw new MxdInputException($"token {Shown.Name(byId[highest])} has the id {highest}, but there are only {byId.Count} tokens; an id of at most {most} is expected: download the file again.");

        void Put(int id, string token)
        {
            if (id < 0) throw new MxdInputException($"token {Shown.Name(token)} has the id {id}; ids from 0 on are expected: download the file again.");
            if (!byId.TryAdd(id, token) && byId[id] != token)
                throw new MxdInputException($"id {id} is both {Shown.Name(byId[id])} and {Shown.Name(token)}; every id must have one token: download the file again.");
        }
    }

    /// <summary>As lines "left right", or in newer files as pairs.</summary>
    private static string[] Merges(JsonElement model) => [.. model.GetProperty("merges").EnumerateArray().Select((merge, rank) =>
        merge.ValueKind == JsonValueKind.Array ? string.Join(' ', merge.EnumerateArray().Select(part => Text(part, "merges", rank))) : Text(merge, "merges", rank))];

    private IEnumerable<AddedToken> Added()
    {
        if (!root.TryGetProperty("added_tokens", out JsonElement list) || list.ValueKind == JsonValueKind.Null) yield break;
        foreach ((int index, JsonElement token) in list.EnumerateArray().Index())
        {
            string content = Text(token.GetProperty("content"), "added_tokens", index);
            foreach (string name in new[] { "single_word", "lstrip", "rstrip" })
                if (Flag(token, name, false))
                    throw new MxdInputException($"the added token {Shown.Name(content)} has {name} = true, which is not supported: use another model.");
            yield return new AddedToken(token.GetProperty("id").GetInt32(), content, Flag(token, "normalized", !Flag(token, "special", false)));
        }
    }

    private bool IsNormalised()
    {
        bool isNormalised = false;
        foreach (JsonElement step in Steps("normalizer", "normalizers"))
        {
            string kind = Kind(step);
            if (kind != "NFC") throw new MxdInputException($"the tokenizer's normalizer is {Shown.Name(kind)}; known is NFC: use another model.");
            isNormalised = true;
        }
        return isNormalised;
    }

    /// <summary>The steps that cut a text: byte-level with its own pattern, after a cut into digits or not, or a known pattern before it.</summary>
    private string PreTokenizer()
    {
        string? found = null;
        bool isByteLevel = false, isDigits = false;
        foreach (JsonElement step in Steps("pre_tokenizer", "pretokenizers"))
        {
            string kind = Kind(step);
            if (isByteLevel) throw new MxdInputException($"the tokenizer cuts text by {Shown.Name(kind)} after turning it into bytes, which is not supported: use another model.");
            if (kind == "Split") found = found is null && !isDigits ? Pattern(step) : throw new MxdInputException("the tokenizer cuts text by two patterns, which is not supported: use another model.");
            else if (kind == "Digits" && found is null && Flag(step, "individual_digits", false)) isDigits = true;
            else if (kind == "ByteLevel")
            {
                isByteLevel = true;
                if (Flag(step, "add_prefix_space", true)) throw new MxdInputException("the tokenizer puts a space before every text (add_prefix_space), which is not supported: use another model.");
                if (Flag(step, "use_regex", true)) found = found is null ? (isDigits ? PreTokenizers.SmolLm : PreTokenizers.Gpt2) : throw new MxdInputException("the tokenizer cuts text by two patterns, which is not supported: use another model.");
            }
            else throw new MxdInputException($"the tokenizer cuts text by {Shown.Name(kind)}; known are Split, Digits one by one, and ByteLevel: use another model.");
        }
        return isByteLevel && found is not null
            ? found
            : throw new MxdInputException("the tokenizer's pre_tokenizer names no byte-level step with a pattern; only byte-level BPE is read: use a model with such a tokenizer.");
    }

    private static string Pattern(JsonElement step)
    {
        string pattern = step.GetProperty("pattern").TryGetProperty("Regex", out JsonElement regex) ? regex.GetString() ?? "" : "";
        bool isIsolated = step.GetProperty("behavior").GetString() == "Isolated" && !Flag(step, "invert", false);
        return isIsolated && patterns.TryGetValue(pattern, out string? known)
            ? known
            : throw new MxdInputException($"the tokenizer cuts text by the pattern {Shown.Name(pattern)}; known are those of {string.Join(", ", patterns.Values)}: use another model.");
    }

    /// <summary>A part that is one step, a sequence of them, or absent.</summary>
    private JsonElement[] Steps(string part, string list)
    {
        if (!root.TryGetProperty(part, out JsonElement step) || step.ValueKind == JsonValueKind.Null) return [];
        return Kind(step) == "Sequence" ? [.. step.GetProperty(list).EnumerateArray()] : [step];
    }

    /// <summary>A text of an entry of a list, which must be there.</summary>
    private static string Text(JsonElement value, string list, int index) => value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text
        ? text
        : throw new MxdInputException($"{list}[{index}] has {Shown.Name(value.GetRawText())} where a text is expected: download the file again.");

    private static string Kind(JsonElement step) => step.GetProperty("type").GetString() ?? "";

    private static bool Flag(JsonElement item, string name, bool standard) => item.TryGetProperty(name, out JsonElement value) ? value.GetBoolean() : standard;

    private sealed record AddedToken(int Id, string Content, bool IsNormalised);
}
