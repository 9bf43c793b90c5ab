using System.Diagnostics;
using Mxd.Activations;
using Mxd.LanguageModels;
using Mxd.Runtime;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Mxd.Benchmarks;

/// <summary>
/// Where a harvest's time goes: a pass to one layer, and each kind of operation in it alone, on values of the same shapes. In processor time,
/// which other work on the machine disturbs least; OMP_NUM_THREADS=1 keeps threads from waiting for one another.
/// </summary>
internal static class HarvestProfile
{
    private const int Contexts = 16, ContextLength = 128, Repetitions = 3;

    /// <param name="path">A model of the Llama family.</param>
    /// <param name="layer">The layer that is harvested.</param>
    public static void Run(string path, int layer)
    {
        using ModelFile file = ModelFile.Open(path);
        using LanguageModel model = file.Load(ScalarType.Float32, CPU);
        TransformerConfig c = file.Config;
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor tokens = randint(0, c.Vocabulary, [Contexts, ContextLength], dtype: ScalarType.Int64);
        long rows = Contexts * ContextLength, heads = (long)c.Heads * c.HeadWidth;
        Tensor x = randn(Contexts, ContextLength, c.Width), scale = randn(c.Width), mixed = randn(rows, heads), gated = randn(rows, c.MlpWidth), both = randn(rows, 2L * c.MlpWidth);
        Tensor qkv = randn(c.QueryKeyValueWidth, c.Width), attentionOut = randn(c.Width, heads), mlpIn = randn(2L * c.MlpWidth, c.Width), mlpOut = randn(c.Width, c.MlpWidth);
        Tensor q = Heads(c.Heads, c.HeadWidth), k = Heads(c.KeyValueHeads, c.HeadWidth), turn = randn(ContextLength, c.HeadWidth);
        long group = c.Heads / c.KeyValueHeads;
        var harvester = new Harvester(model, HookPoint.MlpInput(layer), HookPoint.MlpOutput(layer));
        (string Part, double Milliseconds)[] parts =
        [
            ("whole pass", Measure(() => harvester.Harvest(tokens).Dispose())),
            ("matrix products", (layer + 1) * Measure(() => (F.linear(x, qkv), F.linear(mixed, attentionOut), F.linear(x, mlpIn), F.linear(gated, mlpOut)))),
            ("attention", (layer + 1) * Measure(() => F.scaled_dot_product_attention(q, q, q, is_casual: true))),
            ("key heads repeated", 2 * (layer + 1) * Measure(() => k.repeat_interleave(group, 1))),
            ("the same by expanding", 2 * (layer + 1) * Measure(() => k.unsqueeze(2).expand(-1, -1, group, -1, -1).reshape(q.shape))),
            ("rotary positions", (layer + 1) * (Measure(() => Turned(q, turn)) + Measure(() => Turned(k, turn)))),
            ("norms", 2 * (layer + 1) * Measure(() => Norms.RootMeanSquare(x, 1e-5) * scale)),
            ("gate of the MLP", (layer + 1) * Measure(() => F.silu(both.narrow(1, 0, c.MlpWidth)).mul_(both.narrow(1, c.MlpWidth, c.MlpWidth)))),
            ("sums", 2 * (layer + 1) * Measure(() => x + x)),
        ];
        Console.WriteLine($"### {rows:n0} tokens to layer {layer}\n\n{Machine.Describe()}; processor time, least of {Repetitions}\n\n| part | ms | of the pass |\n| --- | --- | --- |");
        foreach ((string part, double ms) in parts) Console.WriteLine(FormattableString.Invariant($"| {part} | {ms:n0} | {ms / parts[0].Milliseconds:p1} |"));
    }

    private static Tensor Heads(long heads, long width) => randn(Contexts, ContextLength, heads, width).transpose(1, 2);

    private static Tensor Turned(Tensor heads, Tensor turn)
    {
        Tensor[] halves = heads.split([heads.shape[3] / 2, heads.shape[3] / 2], -1);
        return (heads * turn).addcmul_(cat([halves[1].neg(), halves[0]], -1), turn, 1);
    }

    private static double Measure<T>(Func<T> work) => Measure(() => { work(); });

    private static double Measure(Action work)
    {
        double least = double.MaxValue;
        for (int i = 0; i <= Repetitions; i++)
        {
            using DisposeScope scope = NewDisposeScope();
            TimeSpan before = Process.GetCurrentProcess().TotalProcessorTime;
            work();
            // The first also warms up.
            if (i > 0) least = Math.Min(least, (Process.GetCurrentProcess().TotalProcessorTime - before).TotalMilliseconds);
        }
        return least;
    }
}
