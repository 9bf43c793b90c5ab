using System.Diagnostics;
using System.Text;
using Mxd.Corpora;
using Mxd.Formats;
using Mxd.Runtime;
using Mxd.Tokenizers;

namespace Mxd.Benchmarks;

/// <summary>Tokenising real text on one core: a first pass, in which every word is new, and the next ones.</summary>
internal static class TokeniseCase
{
    private const int Repetitions = 5;

    /// <param name="text">Any text that <see cref="TextFiles"/> reads.</param>
    /// <param name="tokenizers">GGUF files, or folders with a tokenizer.json.</param>
    public static void Run(string text, string[] tokenizers)
    {
        string[] documents = [.. TextFiles.Read([text]).Select(d => d.Text)];
        double megabytes = documents.Sum(d => (double)Encoding.UTF8.GetByteCount(d)) / 1e6;
        Console.WriteLine($"### Tokenising {megabytes:f1} MB of text on one core\n\n{Machine.Describe()}; medians of {Repetitions} passes\n");
        Console.WriteLine("| tokenizer | tokens | first pass, MB/s | MB/s | tokens/s |\n| --- | --- | --- | --- | --- |");
        foreach (string path in tokenizers)
        {
            ITokenizer tokenizer = Load(path);
            (double first, long tokens) = Pass(tokenizer, documents);
            double median = Enumerable.Range(0, Repetitions).Select(_ => Pass(tokenizer, documents).Seconds).Order().ElementAt(Repetitions / 2);
            Console.WriteLine(FormattableString.Invariant(
                $"| {Path.GetFileName(path)} | {tokens:n0} | {megabytes / first:f1} | {megabytes / median:f1} | {tokens / median:n0} |"));
        }
    }

    private static ITokenizer Load(string path)
    {
        if (Directory.Exists(path)) return HuggingFaceTokenizer.Load(path);
        using GgufFile file = GgufFile.Open(path);
        return GgufTokenizer.Load(file);
    }

    private static (double Seconds, long Tokens) Pass(ITokenizer tokenizer, string[] documents)
    {
        long start = Stopwatch.GetTimestamp(), tokens = 0;
        foreach (string document in documents) tokens += tokenizer.Encode(document).Length;
        return (Stopwatch.GetElapsedTime(start).TotalSeconds, tokens);
    }
}
