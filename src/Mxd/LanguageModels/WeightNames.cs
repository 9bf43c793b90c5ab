using static TorchSharp.torch;

namespace Mxd.LanguageModels;

/// <summary>How one container names and orders a family's tensors; names without <c>.weight</c> and <c>.bias</c> unless they are whole.</summary>
internal sealed record WeightNames
{
    public required string Embedding { get; init; }

    /// <summary>Learned positions; null where positions are rotary.</summary>
    public string? Positions { get; init; }

    public required Func<int, string> Block { get; init; }

    public required string AttentionNorm { get; init; }

    /// <summary>One tensor for all three, or one each.</summary>
    public required string[] QueryKeyValue { get; init; }

    public required string AttentionOut { get; init; }

    public required string MlpNorm { get; init; }

    /// <summary>The gate before the other branch, where there is one.</summary>
    public required string[] MlpIn { get; init; }

    public required string MlpOut { get; init; }

    public required string FinalNorm { get; init; }

    public required string Unembedding { get; init; }

    public string? RotaryDivisors { get; init; }

    /// <summary>Are matrices stored [in,out]?</summary>
    public bool IsTransposed { get; init; }

    /// <summary>
    /// From the stored order of the rows of query, key and value to ours, for a number of heads (0 where all three are one tensor); null
    /// where they are the same.
    /// </summary>
    public Func<TransformerConfig, int, Func<Tensor, Tensor>?> RowOrder { get; init; } = (_, _) => null;

    /// <summary>Tensors that hold nothing the forward pass reads: masks, tables, copies of tied weights.</summary>
    public Func<string, bool> IsIgnored { get; init; } = _ => false;

    /// <summary>The names that all architectures have in GGUF files; those of attention and MLP differ.</summary>
    public static WeightNames Gguf { get; } = new()
    {
        Embedding = "token_embd.weight",
        Block = layer => $"blk.{layer}.",
        AttentionNorm = "attn_norm",
        QueryKeyValue = ["attn_qkv"],
        AttentionOut = "attn_output",
        MlpNorm = "ffn_norm",
        MlpIn = ["ffn_up"],
        MlpOut = "ffn_down",
        FinalNorm = "output_norm",
        Unembedding = "output.weight",
    };

    /// <summary>A prefix that some files leave out, as this one has it.</summary>
    public static string Prefix(Formats.ITensorSource source, string prefix, string name) => source.Contains(name) && !source.Contains(prefix + name) ? "" : prefix;
}
