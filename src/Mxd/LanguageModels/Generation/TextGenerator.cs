using System.Diagnostics;
using Mxd.Tokenizers;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.LanguageModels.Generation;

/// <summary>
/// Continues a prompt, token by token, with whatever stands in the model's place at its hook points. Every token goes through the model
/// once; keys and values of those before it are kept.
/// </summary>
public sealed class TextGenerator(LanguageModel model, ITokenizer tokenizer)
{
    /// <param name="prompt">Token ids, at least one.</param>
    /// <param name="options">What to generate.</param>
    /// <param name="write">Gets the text of each sample, by number, as it becomes clear.</param>
    /// <param name="cancellation">Ends all samples where they are.</param>
    /// <exception cref="ArgumentException">The prompt is empty, or longer than the model's context.</exception>
    /// <exception cref="InvalidOperationException">The model's logits are not numbers.</exception>
    public Generated Generate(IReadOnlyList<int> prompt, GenerationOptions options, Action<int, string>? write = null, CancellationToken cancellation = default)
    {
        if (prompt.Count == 0 || prompt.Count > model.Identity.ContextLength)
            throw new ArgumentException($"A prompt has 1 to {model.Identity.ContextLength} tokens, not {prompt.Count}.", nameof(prompt));
        Sample[] samples = [.. Enumerable.Range(0, options.Samples).Select(i => new Sample(tokenizer, model.Identity.ContextLength, prompt, options, i, text => write?.Invoke(i, text)))];
        var clock = Stopwatch.StartNew();
        double promptSeconds = 0;
        using var cache = new KeyValueCache();
        Sample[] open = [.. samples.Where(s => s.End is null)];
        // The prompt is read once, whatever the number of samples.
        float[][] logits = open.Length > 0 && !cancellation.IsCancellationRequested ? [.. Enumerable.Repeat(Logits([[.. prompt]], cache)[0], open.Length)] : [];
        cache.Select(new int[open.Length]);
        while (!cancellation.IsCancellationRequested && open.Length > 0)
        {
            int[] next = [.. open.Select((sample, i) => sample.Take(logits[i]))];
            if (promptSeconds == 0) promptSeconds = clock.Elapsed.TotalSeconds;
            // A sample that is over leaves the batch.
            int[] kept = [.. Enumerable.Range(0, open.Length).Where(i => open[i].End is null)];
            if (kept.Length < open.Length) cache.Select(kept);
            open = [.. kept.Select(i => open[i])];
            if (open.Length > 0) logits = Logits([.. kept.Select(i => new[] { next[i] })], cache);
        }
        double seconds = clock.Elapsed.TotalSeconds;
        return new Generated([.. samples.Select(s => s.Finish())], samples.Sum(s => s.Count), promptSeconds, seconds - promptSeconds);
    }

    /// <summary>Logits after the last of the given tokens, a row a context.</summary>
    private float[][] Logits(int[][] tokens, KeyValueCache cache)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor ids = tensor([.. tokens.SelectMany(row => row.Select(id => (long)id))], tokens.Length, tokens[0].Length);
        Tensor hidden = model.Forward(ids, cache);
        float[] all = model.Logits(hidden.select(1, hidden.shape[1] - 1)).cpu().contiguous().data<float>().ToArray();
        return [.. all.Chunk(all.Length / tokens.Length).Select(OfTokens)];
    }

    /// <summary>Embeddings may have rows that no token has, and a vocabulary ids.</summary>
    private float[] OfTokens(float[] row)
    {
        float[] logits = row[..Math.Min(row.Length, tokenizer.VocabularySize)];
        foreach (int missing in tokenizer.MissingIds)
            if (missing < logits.Length) logits[missing] = float.NegativeInfinity;
        return logits;
    }

    private sealed class Sample
    {
        private readonly GenerationOptions options;
        private readonly Sampler sampler;
        private readonly SampleText text;
        private readonly List<int> ids;
        private readonly int promptLength;
        private readonly int contextLength;

        public Sample(ITokenizer tokenizer, int contextLength, IReadOnlyList<int> prompt, GenerationOptions options, int number, Action<string> write)
        {
            this.options = options;
            this.contextLength = contextLength;
            sampler = new Sampler(options.Sampling, number);
            text = new SampleText(tokenizer, options.Stop, write);
            ids = [.. prompt];
            promptLength = prompt.Count;
            foreach (int id in prompt) sampler.Add(id);
            if (options.MaximumTokens < 1) End = EndReason.Length;
        }

        public EndReason? End { get; private set; }

        /// <summary>Tokens generated.</summary>
        public int Count => ids.Count - promptLength;

        /// <summary>Draws a token.</summary>
        public int Take(ReadOnlySpan<float> logits)
        {
            int token = sampler.Next(logits);
            sampler.Add(token);
            ids.Add(token);
            bool isEnd = options.EndTokens.Contains(token);
            if (isEnd) End = EndReason.EndToken;
            else if (text.Add(token)) End = EndReason.Stop;
            else if (Count >= options.MaximumTokens) End = EndReason.Length;
            else if (ids.Count >= contextLength) End = EndReason.Context;
            return token;
        }

        public GeneratedText Finish()
        {
            if (End != EndReason.Stop && text.Finish()) End = EndReason.Stop;
            return new GeneratedText(text.Text, ids, End ?? EndReason.Interrupted);
        }
    }
}
