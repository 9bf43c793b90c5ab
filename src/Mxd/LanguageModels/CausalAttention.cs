using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Mxd.LanguageModels;

/// <summary>Causal attention between query, key and value heads: what lies between a block's two attention products.</summary>
internal sealed class CausalAttention(TransformerConfig config, RotaryTable? rotary)
{
    /// <summary>
    /// softmax(q kᵀ / √d) v over the positions up to each one's own, for the product [B,T,(heads + 2 key heads) · d]; returns [B,T,heads · d].
    /// </summary>
    public Tensor Mix(Tensor queryKeyValue, int layer, KeyValueCache? cache)
    {
        using DisposeScope scope = NewDisposeScope();
        (long batch, long positions, long before) = (queryKeyValue.shape[0], queryKeyValue.shape[1], cache?.Length ?? 0);
        long keyRows = (long)config.KeyValueHeads * config.HeadWidth;
        Tensor[] parts = queryKeyValue.split([(long)config.Heads * config.HeadWidth, keyRows, keyRows], -1);
        Tensor query = Turned(Heads(parts[0], config.Heads)), key = Turned(Heads(parts[1], config.KeyValueHeads)), value = Heads(parts[2], config.KeyValueHeads);
        if (cache is not null) (key, value) = cache.Append(layer, key, value);
        Tensor mixed = positions == 1 ? Next(query, key, value) : Attend(query, Shared(key), Shared(value), before);
        return mixed.transpose(1, 2).reshape(batch, positions, -1).MoveToOuterDisposeScope();

        Tensor Heads(Tensor rows, int heads) => rows.view(batch, positions, heads, config.HeadWidth).transpose(1, 2);

        Tensor Turned(Tensor heads) => rotary?.Apply(heads, before) ?? heads;
    }

    private static Tensor Attend(Tensor query, Tensor key, Tensor value, long before)
    {
        if (before == 0) return F.scaled_dot_product_attention(query, key, value, is_casual: true);
        // Position t of the new ones sees all before them and the first t + 1 of themselves.
        Tensor mask = ones(query.shape[2], key.shape[2], dtype: ScalarType.Bool, device: query.device).tril(before);
        return F.scaled_dot_product_attention(query, key, value, attn_mask: mask);
    }

    /// <summary>One position after all others: the query heads of a key head are its queries, and nothing is hidden from them.</summary>
    private Tensor Next(Tensor query, Tensor key, Tensor value)
    {
        Tensor grouped = query.reshape(query.shape[0], config.KeyValueHeads, config.Heads / config.KeyValueHeads, config.HeadWidth);
        return F.scaled_dot_product_attention(grouped, key, value).reshape(query.shape);
    }

    /// <summary>[B,key heads,T,d] to [B,heads,T,d]: each key head serves the query heads that follow one another.</summary>
    private Tensor Shared(Tensor heads) =>
        config.Heads == config.KeyValueHeads ? heads : heads.repeat_interleave(config.Heads / config.KeyValueHeads, 1);
}
