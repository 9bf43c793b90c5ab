using Mxd.Corpora;
using Mxd.Formats;
using Mxd.Hub;
using Mxd.Runtime;
using Mxd.Tokenizers;

namespace Mxd.Evaluation.Probing;

/// <summary>A class of texts.</summary>
/// <param name="Label">Its name.</param>
/// <param name="Texts">Texts of it among those probed.</param>
/// <param name="LeftOut">Why it has no probe of its own; absent where it has one.</param>
public sealed record TextClass(string Label, int Texts, string? LeftOut = null);

/// <summary>
/// Labelled texts as probes see them: those with enough tokens, shuffled by a seed, at most so many; the first of them are for fitting. All classes share the order.
/// </summary>
public sealed class ProbeTexts
{
    /// <summary>More than that are names of things, and no classes.</summary>
    private const int MostClasses = 1000;

    private readonly int[] labels;

    private ProbeTexts(IReadOnlyList<int[]> tokens, int[] labels, IReadOnlyList<TextClass> classes, int train)
    {
        (Tokens, this.labels, Classes, Train) = (tokens, labels, classes, train);
    }

    /// <summary>Token ids of each text, without a first token, cut to what is read of it.</summary>
    public IReadOnlyList<int[]> Tokens { get; }

    /// <summary>Every class that has a text in the files, in the order of their names.</summary>
    public IReadOnlyList<TextClass> Classes { get; }

    /// <summary>Number of texts that probes are fitted on, the first ones.</summary>
    public int Train { get; }

    /// <summary>Texts of too few tokens among those that were looked at.</summary>
    public required long TooShort { get; init; }

    /// <summary>Texts in the files.</summary>
    public required long Read { get; init; }

    /// <summary>Whether each text is of a class.</summary>
    public bool[] Members(TextClass of)
    {
        int number = Classes.ToList().IndexOf(of);
        return Array.ConvertAll(labels, label => label == number);
    }

    /// <summary>Reads and tokenises. Of more texts than wanted, those are kept whose numbers come first in the shuffle, which holds no others in memory.</summary>
    /// <exception cref="MxdInputException">A file cannot be read, a label is missing, or no class can be probed.</exception>
    public static ProbeTexts From(ProbeOptions options, ITokenizer tokenizer, BadRows? bad, IHubProgress? downloads = null, CancellationToken cancellation = default)
    {
        var kept = new PriorityQueue<(int[] Tokens, string Label), ulong>(Comparer<ulong>.Create((a, b) => b.CompareTo(a)));
        SortedDictionary<string, int> counts = new(StringComparer.Ordinal);
        long read = 0, tooShort = 0;
        foreach (Document document in TextFiles.Read(options.Data, options.TextField, bad, downloads, options.Label, cancellation))
        {
            cancellation.ThrowIfCancellationRequested();
            if (!HasLabel(document, options.Label, bad)) continue;
            counts.TryAdd(document.Label!, 0);
            if (counts.Count > MostClasses)
                throw new MxdInputException($"{document.Source} has more than {MostClasses:n0} different labels under {Shown.Name(options.Label)}, and every one would be a class: choose another field by --label.");
            ulong place = (ulong)Seeds.Derive(options.Seed, "probe", read++);
            if (kept.Count == options.Texts && kept.TryPeek(out _, out ulong last) && place > last) continue;
            int[] tokens = Cut(tokenizer.Encode(document.Text), options);
            if (tokens.Length < options.LeastTokens)
            {
                tooShort++;
                continue;
            }
            kept.Enqueue((tokens, document.Label!), place);
            if (kept.Count > options.Texts) kept.Dequeue();
        }
        (int[] Tokens, string Label)[] texts = [.. kept.UnorderedItems.OrderBy(item => item.Priority).Select(item => item.Element)];
        foreach ((_, string label) in texts) counts[label]++;
        string[] names = [.. counts.Keys];
        int[] labels = Array.ConvertAll(texts, text => Array.BinarySearch(names, text.Label, StringComparer.Ordinal));
        // Shares such as 0.57 are a little less than they say.
        int train = (int)(options.Train * texts.Length + 1e-9);
        TextClass[] classes = [.. names.Select((name, number) => new TextClass(name, counts[name], WhyNot(labels, number, train, options)))];
        RequireAny(classes, texts.Length, options);
        return new ProbeTexts([.. texts.Select(text => text.Tokens)], labels, classes, train) { Read = read, TooShort = tooShort };
    }

    private static bool HasLabel(Document document, string field, BadRows? bad)
    {
        if (!string.IsNullOrWhiteSpace(document.Label)) return true;
        string problem = $"{document.Source}, {(Path.GetExtension(TextFilePath.WithoutCompression(document.Source)) is ".csv" or ".parquet" ? "row" : "line")} {document.Number} has an empty label under {Shown.Name(field)}";
        if (bad is null) throw new MxdInputException($"{problem}: give it one, or pass over such rows with --skip-bad.");
        bad.Add(problem + ".");
        return false;
    }

    private static int[] Cut(int[] tokens, ProbeOptions options)
    {
        int most = options.Context - 1;
        return tokens.Length <= most ? tokens : options.KeepEnd ? tokens[^most..] : tokens[..most];
    }

    /// <summary>Why a class cannot be told from the rest; null where it can.</summary>
    private static string? WhyNot(int[] labels, int number, int train, ProbeOptions options)
    {
        int fitted = labels.AsSpan(0, train).Count(number), tested = labels.AsSpan(train).Count(number);
        if (fitted + tested == 0) return $"none of its texts is among the {labels.Length:n0} probed, of {options.LeastTokens} tokens or more";
        if (fitted == 0 || tested == 0) return $"of its {fitted + tested} text{(fitted + tested == 1 ? "" : "s")} {fitted} fell to fitting and {tested} to measuring: at least one must fall to each";
        return fitted == train || tested == labels.Length - train ? "nothing else fell to fitting or to measuring: at least one other text must fall to each" : null;
    }

    private static void RequireAny(TextClass[] classes, int texts, ProbeOptions options)
    {
        string data = string.Join(", ", options.Data);
        if (classes.Length == 1) throw new MxdInputException($"{data} has the one label {Shown.Name(classes[0].Label)} under {Shown.Name(options.Label)}; a class is told from others, so there must be at least two: choose another --label.");
        if (Array.TrueForAll(classes, c => c.LeftOut is not null))
            throw new MxdInputException($"{data} has {texts} texts of {options.LeastTokens} tokens or more, too few: with --train {options.Train}, no class has texts both for fitting and for measuring.");
    }
}
