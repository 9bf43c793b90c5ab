using Mxd.Tokenizers;

namespace Mxd.Cli.Tests.Fixtures;

/// <summary>
/// A Llama of a few ten thousand random weights, so that a whole training run takes a second: byte-level vocabulary with a few merges,
/// grouped queries, tied embeddings.
/// </summary>
internal sealed record TinyModel
{
    private const int Layers = 3, Heads = 4, KeyValueHeads = 2;

    private static readonly string[] merges = ["Ġ t", "h e", "Ġt he", "i n", "a n"];

    /// <summary>Seed of the weights.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Values a token in the residual stream; a multiple of eight, two for each head.</summary>
    public int Width { get; init; } = 32;

    /// <summary>A token more than the others have: another vocabulary.</summary>
    public string? AddedToken { get; init; }

    private int MlpWidth => 2 * Width;

    public void Save(string path)
    {
        string[] tokens = [.. Bytes(), .. merges.Select(m => m.Replace(" ", "", StringComparison.Ordinal)), "<|endoftext|>", .. Added()];
        int endOfText = System.Array.IndexOf(tokens, "<|endoftext|>");
        GgufWriter writer = new GgufWriter()
            .Text("general.architecture", "llama")
            .Number("llama.block_count", Layers)
            .Number("llama.context_length", 512)
            .Number("llama.embedding_length", Width)
            .Number("llama.feed_forward_length", MlpWidth)
            .Number("llama.attention.head_count", Heads)
            .Number("llama.attention.head_count_kv", KeyValueHeads)
            .Number("llama.attention.layer_norm_rms_epsilon", 1e-5f)
            .Number("llama.rope.freq_base", 10_000f)
            .Text("tokenizer.ggml.model", "gpt2")
            .Text("tokenizer.ggml.pre", "smollm")
            .Texts("tokenizer.ggml.tokens", tokens)
            .Texts("tokenizer.ggml.merges", merges)
            .Numbers("tokenizer.ggml.token_type", [.. tokens.Select((_, id) => id == endOfText ? 3 : 1)])
            .Number("tokenizer.ggml.bos_token_id", endOfText)
            .Number("tokenizer.ggml.eos_token_id", endOfText);
        AddWeights(writer, tokens.Length);
        writer.Save(path);
    }

    private void AddWeights(GgufWriter writer, int vocabulary)
    {
        var random = new Random(Seed);
        int keys = Width / Heads * KeyValueHeads;
        Matrix("token_embd.weight", vocabulary, Width, 0.4);
        for (int layer = 0; layer < Layers; layer++)
        {
            string prefix = $"blk.{layer}.";
            Ones(prefix + "attn_norm.weight");
            Linear(prefix + "attn_q.weight", Width, Width);
            Linear(prefix + "attn_k.weight", keys, Width);
            Linear(prefix + "attn_v.weight", keys, Width);
            Linear(prefix + "attn_output.weight", Width, Width);
            Ones(prefix + "ffn_norm.weight");
            Linear(prefix + "ffn_gate.weight", MlpWidth, Width);
            Linear(prefix + "ffn_up.weight", MlpWidth, Width);
            Linear(prefix + "ffn_down.weight", Width, MlpWidth);
        }
        Ones("output_norm.weight");

        void Ones(string name) => writer.Tensor(name, [Width], [.. Enumerable.Repeat(1f, Width)]);

        void Linear(string name, int outputs, int inputs) => Matrix(name, outputs, inputs, 1 / Math.Sqrt(inputs));

        void Matrix(string name, int rows, int columns, double scale) =>
            writer.Tensor(name, [rows, columns], [.. Enumerable.Range(0, rows * columns).Select(_ => (float)(scale * Normal(random)))]);
    }

    private string[] Added() => AddedToken is { } token ? [token] : [];

    private static IEnumerable<string> Bytes() => Enumerable.Range(0, 256).Select(value => ByteAlphabet.ToCharacter((byte)value).ToString());

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
