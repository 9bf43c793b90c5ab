using System.Diagnostics;
using Mxd.Activations;
using Mxd.Corpora;
using Mxd.LanguageModels;
using Mxd.Runtime;
using static TorchSharp.torch;

namespace Mxd.Benchmarks;

/// <summary>What a run does before its first harvest, part by part, once each as a run does.</summary>
internal static class StartCase
{
    public static void Run(string path, string text)
    {
        Console.WriteLine($"### Before the first harvest\n\n{Machine.Describe()}\n\n| part | ms | of the processor |\n| --- | --- | --- |");
        using ModelFile file = ModelFile.Open(path);
        Time("checking the text's rows", () => TextFiles.Check([text], "text", false, null, cancellation: CancellationToken.None));
        Time("hash of the weights", () => file.Identity.WeightsHash.Length);
        Time("reading the tokenizer", () => file.Tokenizer.VocabularySize);
        Time("hash of the text", () => CorpusFingerprint.Compute([text]).Hash.Length);
        Time("reading the text", () => TextFiles.Read([text]).Sum(d => (long)d.Text.Length));
        Time("tokenising it, first", () => Pack(file, text, Environment.ProcessorCount));
        Time("tokenising it again", () => Pack(file, text, Environment.ProcessorCount));
        Time("tokenising it again on one core", () => Pack(file, text, 1));
        Time("loading the language model", () => file.Load(ScalarType.Float32, CPU).Dispose());
        Time("loading it again", () => file.Load(ScalarType.Float32, CPU).Dispose());
    }

    private static long Pack(ModelFile file, string text, int threads) =>
        Packing.Pack([text], file.Tokenizer, new PackingOptions { Threads = threads }).Count;

    private static void Time<T>(string part, Func<T> work) => Time(part, () => { work(); });

    private static void Time(string part, Action work)
    {
        TimeSpan busy = Process.GetCurrentProcess().TotalProcessorTime;
        long start = Stopwatch.GetTimestamp();
        work();
        double wall = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        Console.WriteLine(FormattableString.Invariant($"| {part} | {wall:n0} | {(Process.GetCurrentProcess().TotalProcessorTime - busy).TotalMilliseconds:n0} |"));
    }
}
