using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.DemoModel;

/// <summary>Sizes of the model.</summary>
internal sealed record Gpt2Sizes(int Vocabulary, int Width = 192, int Layers = 4, int Heads = 6, int ContextLength = 256);

/// <summary>
/// GPT-2 (Radford et al. 2019, with exact GELU) to be trained: its parameters by the names and in the shapes that files have (matrices [in,out]), and the loss
/// of its next-token predictions under autograd.
/// </summary>
internal sealed class Gpt2Network : IDisposable
{
    private const double Epsilon = 1e-5;

    private readonly Gpt2Sizes sizes;

    public Gpt2Network(Gpt2Sizes sizes, long seed)
    {
        this.sizes = sizes;
        using var generator = new Generator((ulong)seed);
        int width = sizes.Width;
        Normal("wte.weight", 0.02, sizes.Vocabulary, width);
        Normal("wpe.weight", 0.01, sizes.ContextLength, width);
        for (int l = 0; l < sizes.Layers; l++)
        {
            Norm($"h.{l}.ln_1");
            Matrix($"h.{l}.attn.c_attn", width, 3 * width);
            Matrix($"h.{l}.attn.c_proj", width, width);
            Norm($"h.{l}.ln_2");
            Matrix($"h.{l}.mlp.c_fc", width, 4 * width);
            Matrix($"h.{l}.mlp.c_proj", 4 * width, width);
        }
        Norm("ln_f");

        void Normal(string name, double deviation, params long[] shape)
        {
            using DisposeScope scope = NewDisposeScope();
            Add(name, randn(shape, generator: generator) * deviation);
        }

        void Norm(string name)
        {
            Add(name + ".weight", ones(width));
            Add(name + ".bias", zeros(width));
        }

        void Matrix(string name, int inputs, int outputs)
        {
            // What is added to the residual stream begins small, as in GPT-2.
            Normal(name + ".weight", name.EndsWith("proj", StringComparison.Ordinal) ? 0.02 / Math.Sqrt(2 * sizes.Layers) : 0.02, inputs, outputs);
            Add(name + ".bias", zeros(outputs));
        }

        void Add(string name, Tensor value) => Parameters.Add(name, value.detach().requires_grad_().DetachFromDisposeScope());
    }

    /// <summary>In the order of the forward pass.</summary>
    public OrderedDictionary<string, Tensor> Parameters { get; } = [];

    public Gpt2Sizes Sizes => sizes;

    /// <summary>Mean cross-entropy, in nats, of predicting targets [B,T] from tokens [B,T].</summary>
    public Tensor Loss(Tensor tokens, Tensor targets)
    {
        Tensor x = this["wte.weight"].index_select(0, tokens.flatten()).reshape(tokens.shape[0], tokens.shape[1], sizes.Width) + this["wpe.weight"][..(int)tokens.shape[1]];
        for (int l = 0; l < sizes.Layers; l++)
        {
            x += Attention($"h.{l}.attn", LayerNorm($"h.{l}.ln_1", x));
            Tensor hidden = nn.functional.gelu(Affine($"h.{l}.mlp.c_fc", LayerNorm($"h.{l}.ln_2", x)));
            x += Affine($"h.{l}.mlp.c_proj", hidden);
        }
        Tensor logits = LayerNorm("ln_f", x).reshape(-1, sizes.Width).matmul(this["wte.weight"].t());
        return nn.functional.cross_entropy(logits, targets.reshape(-1));
    }

    public void Dispose()
    {
        foreach (Tensor parameter in Parameters.Values) parameter.Dispose();
    }

    private Tensor this[string name] => Parameters[name];

    private Tensor LayerNorm(string name, Tensor x) => nn.functional.layer_norm(x, [sizes.Width], this[name + ".weight"], this[name + ".bias"], Epsilon);

    private Tensor Affine(string name, Tensor x) => addmm(this[name + ".bias"], x.reshape(-1, x.shape[^1]), this[name + ".weight"], 1, 1).reshape(x.shape[0], x.shape[1], -1);

    /// <summary>x is [B,T,width].</summary>
    private Tensor Attention(string name, Tensor x)
    {
        long batch = x.shape[0], length = x.shape[1];
        // [3,B,heads,T,width/heads]
        Tensor parts = Affine(name + ".c_attn", x).reshape(batch, length, 3, sizes.Heads, sizes.Width / sizes.Heads).permute(2, 0, 3, 1, 4);
        Tensor mixed = nn.functional.scaled_dot_product_attention(parts[0], parts[1], parts[2], is_casual: true);
        return Affine(name + ".c_proj", mixed.transpose(1, 2).reshape(batch, length, sizes.Width));
    }
}
