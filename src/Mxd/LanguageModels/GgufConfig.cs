using Mxd.Formats;
using Mxd.Runtime;

namespace Mxd.LanguageModels;

/// <summary>The keys of one architecture in a GGUF header: <c>llama.block_count</c> is <c>block_count</c> here.</summary>
internal sealed class GgufConfig(GgufFile file, string architecture)
{
    private const int LargestSize = 1 << 24;

    public GgufFile File => file;

    public bool Has(string key) => file.Metadata.Contains(Full(key));

    public int Size(string key)
    {
        long value = file.Metadata.GetInt64(Full(key));
        return value is > 0 and <= LargestSize
            ? (int)value
            : throw new MxdInputException($"{file.Location} gives {Full(key)} = {value}; a size from 1 to {LargestSize} is expected: the file is damaged.");
    }

    public int? OptionalSize(string key) => Has(key) ? Size(key) : null;

    public float Number(string key) => file.Metadata.GetFloat(Full(key));

    public float? OptionalNumber(string key) => Has(key) ? Number(key) : null;

    public string? OptionalText(string key) => Has(key) ? file.Metadata.GetString(Full(key)) : null;

    public bool Flag(string key, bool standard) => Has(key) ? file.Metadata.GetBool(Full(key)) : standard;

    /// <summary>Rows of the embedding: the header need not give the vocabulary's size.</summary>
    public int Vocabulary(string embedding) => file.Describe(embedding).Shape is [var rows and > 0 and <= LargestSize, _] ? (int)rows : 0;

    private string Full(string key) => $"{architecture}.{key}";
}
