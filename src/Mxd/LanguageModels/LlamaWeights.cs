using Mxd.Formats;
using Mxd.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.LanguageModels;

/// <summary>Weights of one block; matrices are [out,in]. Query, key and value share one matrix, as do the MLP's two branches.</summary>
public sealed record LlamaBlockWeights(
    Tensor AttentionScale, Tensor QueryKeyValue, Tensor AttentionOut, Tensor MlpScale, Tensor GateUp, Tensor MlpDown);

/// <summary>All weights of a Llama model.</summary>
/// <param name="Embedding">[vocabulary,width].</param>
/// <param name="FinalScale">[width].</param>
/// <param name="Unembedding">[vocabulary,width]; the embedding itself where they are tied.</param>
/// <param name="RotaryFactors">What each rotary frequency is divided by, [head width / 2] in float32; null where unscaled.</param>
public sealed record LlamaWeights(
    Tensor Embedding, IReadOnlyList<LlamaBlockWeights> Blocks, Tensor FinalScale, Tensor Unembedding, Tensor? RotaryFactors) : IDisposable
{
    /// <summary>Reads the tensors of a GGUF file, dequantised to <paramref name="dtype"/>.</summary>
    /// <exception cref="MxdInputException">A tensor is missing or has another shape.</exception>
    public static LlamaWeights FromGguf(GgufFile file, LlamaConfig config, ScalarType dtype, Device device, IProgress<double>? progress = null)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        LlamaTensors.Check(file, config);
        var reader = new GgufReader(file, config, dtype, device);
        Tensor embedding = reader.Read(LlamaTensors.Embedding);
        var blocks = new List<LlamaBlockWeights>(config.Layers);
        for (int layer = 0; layer < config.Layers; layer++)
        {
            blocks.Add(reader.ReadBlock(layer));
            progress?.Report((layer + 1.0) / config.Layers);
        }
        Tensor finalScale = reader.Read("output_norm.weight");
        Tensor unembedding = reader.Has(LlamaTensors.Unembedding) ? reader.Read(LlamaTensors.Unembedding) : embedding;
        Tensor? factors = reader.Has(LlamaTensors.RotaryFactors) ? reader.Read(LlamaTensors.RotaryFactors, ScalarType.Float32) : null;
        return new LlamaWeights(
            embedding.DetachFromDisposeScope(),
            blocks,
            finalScale.DetachFromDisposeScope(),
            ReferenceEquals(unembedding, embedding) ? embedding : unembedding.DetachFromDisposeScope(),
            factors?.DetachFromDisposeScope());
    }

    public void Dispose()
    {
        foreach (LlamaBlockWeights block in Blocks)
            foreach (Tensor tensor in new[] { block.AttentionScale, block.QueryKeyValue, block.AttentionOut, block.MlpScale, block.GateUp, block.MlpDown })
                tensor.Dispose();
        FinalScale.Dispose();
        if (!ReferenceEquals(Unembedding, Embedding)) Unembedding.Dispose();
        Embedding.Dispose();
    }

    private sealed class GgufReader(GgufFile file, LlamaConfig config, ScalarType dtype, Device device)
    {
        public bool Has(string name) => file.Contains(name);

        public Tensor Read(string name) => Read(name, dtype);

        public Tensor Read(string name, ScalarType type) => file.Read(name, type).to(device);

        public LlamaBlockWeights ReadBlock(int layer)
        {
            using DisposeScope scope = NewDisposeScope();
            string prefix = $"blk.{layer}.";
            Tensor query = Unpermute(Read(prefix + "attn_q.weight"), config.Heads);
            Tensor key = Unpermute(Read(prefix + "attn_k.weight"), config.KeyValueHeads);
            Tensor value = Read(prefix + "attn_v.weight");
            Tensor gate = Read(prefix + "ffn_gate.weight");
            Tensor up = Read(prefix + "ffn_up.weight");
            return new LlamaBlockWeights(
                Read(prefix + "attn_norm.weight").DetachFromDisposeScope(),
                cat([query, key, value], 0).DetachFromDisposeScope(),
                Read(prefix + "attn_output.weight").DetachFromDisposeScope(),
                Read(prefix + "ffn_norm.weight").DetachFromDisposeScope(),
                cat([gate, up], 0).DetachFromDisposeScope(),
                Read(prefix + "ffn_down.weight").DetachFromDisposeScope());
        }

        /// <summary>GGUF orders a head's rows for rotating neighbours (2i, 2i + 1); here i turns with i + d/2.</summary>
        private Tensor Unpermute(Tensor weights, int heads) =>
            weights.view(heads, config.HeadWidth / 2, 2, config.Width).transpose(1, 2).reshape(weights.shape);
    }
}
