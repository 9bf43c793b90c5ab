using System.Globalization;
using Mxd.Formats;
using Mxd.Runtime;

namespace Mxd.LanguageModels;

/// <summary>The keys of one architecture in a GGUF header: <c>llama.block_count</c> is <c>block_count</c> here.</summary>
internal sealed class GgufConfig(GgufFile file, string architecture)
{
    private const int LargestSize = 1 << 24;

    /// <summary>
    /// Settings that llama.cpp's graphs have and the families' formulas have not, with the values that change nothing. Files of any
    /// architecture may carry them.
    /// </summary>
    private static readonly (string Key, double[] Neutral)[] settings =
    [
        ("attention.sliding_window", [0]),
        ("attention.clamp_kqv", [0]),
        ("attention.max_alibi_bias", [0]),
        ("attention.temperature_scale", [0]),
        ("attn_logit_softcapping", [0]),
        ("final_logit_softcapping", [0]),
        ("logit_scale", [0, 1]),
        ("embedding_scale", [0, 1]),
        ("residual_scale", [0, 1]),
        ("rope.scaling.attn_factor", [1]),
        ("expert_count", [0]),
    ];

    public GgufFile File => file;

    public bool Has(string key) => file.Metadata.Contains(Full(key));

    public int Size(string key)
    {
        long value = file.Metadata.GetInt64(Full(key));
        return value is > 0 and <= LargestSize ? (int)value : throw Wrong(key, $"{value}", $"a size from 1 to {LargestSize}");
    }

    public int? OptionalSize(string key) => Has(key) ? Size(key) : null;

    public double Number(NumberRange range, string key)
    {
        float value = file.Metadata.GetFloat(Full(key));
        return range.Contains(value) ? value : throw Wrong(key, value.ToString(CultureInfo.InvariantCulture), range.ToString());
    }

    public double? OptionalNumber(NumberRange range, string key) => Has(key) ? Number(range, key) : null;

    public string? OptionalText(string key) => Has(key) ? file.Metadata.GetString(Full(key)) : null;

    public bool Flag(string key, bool standard) => Has(key) ? file.Metadata.GetBool(Full(key)) : standard;

    /// <summary>Is the key absent, or a number near one of these?</summary>
    public bool IsNeutral(string key, params ReadOnlySpan<double> neutral)
    {
        if (!Has(key)) return true;
        object content = file.Metadata[Full(key)].Content;
        if (content is string or bool or Array) return false;
        double value = Convert.ToDouble(content, CultureInfo.InvariantCulture);
        foreach (double one in neutral)
            if (Math.Abs(value - one) <= 1e-6 * Math.Abs(one)) return true;
        return false;
    }

    /// <summary>Refuses settings that this code does not compute, for heads of that width.</summary>
    /// <exception cref="MxdInputException">One has a value that changes the model's results.</exception>
    public void RequireNeutralSettings(int headWidth)
    {
        if (!Flag("attention.causal", true)) throw Unsupported("attention.causal", "true");
        if (!IsNeutral("attention.scale", 0, 1 / Math.Sqrt(headWidth))) throw Unsupported("attention.scale", "1/√(head width)");
        foreach ((string key, double[] neutral) in settings)
            if (!IsNeutral(key, neutral)) throw Unsupported(key, string.Join(" or ", neutral));
    }

    /// <summary>Rows of the embedding: the header need not give the vocabulary's size.</summary>
    /// <exception cref="MxdInputException">The file has none, or it is no matrix.</exception>
    public int Vocabulary(string embedding)
    {
        if (!file.Contains(embedding)) throw new MxdInputException($"{file.Location} has no tensor {embedding}, so it is no whole language model: use another file.");
        return file.Describe(embedding).Shape is [var rows and > 0 and <= LargestSize, _]
            ? (int)rows
            : throw new MxdInputException($"{file.Location} has {embedding} [{string.Join(", ", file.Describe(embedding).Shape)}]; an embedding is a matrix [vocabulary, width] of at most {LargestSize} rows: the file is damaged; download it again.");
    }

    private MxdInputException Wrong(string key, string value, string expected) =>
        new($"{file.Location} gives {Full(key)} = {value}; {expected} is expected: the file is damaged; download it again.");

    private MxdInputException Unsupported(string key, string supported)
    {
        GgufValue value = file.Metadata[Full(key)];
        string shown = value.ElementType is null ? Convert.ToString(value.Content, CultureInfo.InvariantCulture)! : value.TypeName;
        return new($"{file.Location} has {Full(key)} = {Shown.Name(shown)}; only {supported} is supported: use another model.");
    }

    private string Full(string key) => $"{architecture}.{key}";
}
