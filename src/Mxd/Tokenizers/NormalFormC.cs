using System.Buffers;
using System.Globalization;
using System.Text;

namespace Mxd.Tokenizers;

/// <summary>
/// Unicode's Normalization Form C: characters taken apart, their marks in order, and put together again. Our own, since .NET normalises
/// nothing where it runs without ICU, and a machine need not have that; the table is written by tools/nfc.py.
/// </summary>
internal static class NormalFormC
{
    // Hangul syllables are computed: lead consonant, vowel and perhaps a trailing consonant.
    private const int Syllables = 0xAC00, Leads = 0x1100, Vowels = 0x1161, Trails = 0x11A7, LeadCount = 19, VowelCount = 21, TrailCount = 28;

    private static readonly Tables tables = Tables.Load();

    /// <summary>Characters that stay as they are whatever stands beside them.</summary>
    private static readonly SearchValues<char> plain = SearchValues.Create([.. Enumerable.Range(0, 0x300).Select(i => (char)i)]);

    /// <summary>The normal form; half of a surrogate pair alone becomes U+FFFD where anything is to be done at all.</summary>
    public static string Of(string text) => text.AsSpan().IndexOfAnyExcept(plain) < 0 ? text : Compose(Decompose(text));

    private static List<int> Decompose(string text)
    {
        var codes = new List<int>(text.Length + 8);
        foreach (Rune rune in text.EnumerateRunes()) Append(rune.Value, codes);
        SortMarks(codes);
        return codes;
    }

    private static void Append(int code, List<int> codes)
    {
        int syllable = code - Syllables;
        if (syllable is >= 0 and < LeadCount * VowelCount * TrailCount)
        {
            codes.Add(Leads + syllable / (VowelCount * TrailCount));
            codes.Add(Vowels + syllable / TrailCount % VowelCount);
            if (syllable % TrailCount is > 0 and var trail) codes.Add(Trails + trail);
        }
        else if (tables.Decompositions.TryGetValue(code, out int[]? parts))
            foreach (int part in parts) Append(part, codes);
        else
            codes.Add(code);
    }

    /// <summary>Runs of marks in the order of their classes, those of one class as they stood.</summary>
    private static void SortMarks(List<int> codes)
    {
        for (int start = 0; start < codes.Count; start++)
        {
            if (Class(codes[start]) == 0) continue;
            int end = start + 1;
            while (end < codes.Count && Class(codes[end]) > 0) end++;
            if (end - start > 1)
            {
                int[] sorted = [.. codes.GetRange(start, end - start).OrderBy(Class)];
                for (int i = 0; i < sorted.Length; i++) codes[start + i] = sorted[i];
            }
            start = end;
        }
    }

    /// <summary>Each character joins the last one of class 0 before it, unless a mark of its own class or a higher one stands between.</summary>
    private static string Compose(List<int> codes)
    {
        int starter = -1, count = 0, lastClass = 0;
        for (int i = 0; i < codes.Count; i++)
        {
            int code = codes[i], own = Class(code);
            bool isBlocked = starter >= 0 && count - 1 > starter && (lastClass == 0 || lastClass >= own);
            if (starter >= 0 && !isBlocked && Pair(codes[starter], code) is { } joined)
            {
                codes[starter] = joined;
                continue;
            }
            if (own == 0) starter = count;
            lastClass = own;
            codes[count++] = code;
        }
        var text = new StringBuilder(count);
        foreach (int code in codes.Take(count)) text.Append(new Rune(code).ToString());
        return text.ToString();
    }

    private static int? Pair(int left, int right)
    {
        if (left - Leads is >= 0 and < LeadCount && right - Vowels is >= 0 and < VowelCount)
            return Syllables + ((left - Leads) * VowelCount + right - Vowels) * TrailCount;
        int syllable = left - Syllables;
        if (syllable is >= 0 and < LeadCount * VowelCount * TrailCount && syllable % TrailCount == 0 && right - Trails is > 0 and < TrailCount)
            return left + right - Trails;
        return tables.Pairs.TryGetValue((left, right), out int joined) ? joined : null;
    }

    private static int Class(int code) => code < 0x300 ? 0 : tables.Classes.GetValueOrDefault(code);

    private sealed record Tables(Dictionary<int, int> Classes, Dictionary<int, int[]> Decompositions, Dictionary<(int, int), int> Pairs)
    {
        public static Tables Load()
        {
            var loaded = new Tables([], [], []);
            using var reader = new StreamReader(typeof(Tables).Assembly.GetManifestResourceStream("nfc.txt")!);
            while (reader.ReadLine() is { } line) loaded.Add(line.Split(' '));
            return loaded;
        }

        private void Add(string[] fields)
        {
            if (fields[0] == "#") return;
            int[] codes = [.. fields.Skip(1).Select(field => int.Parse(field, NumberStyles.HexNumber, CultureInfo.InvariantCulture))];
            if (fields[0] == "c")
            {
                int kind = int.Parse(fields[1], CultureInfo.InvariantCulture);
                for (int code = codes[1]; code <= codes[^1]; code++) Classes[code] = kind;
                return;
            }
            Decompositions[codes[0]] = codes[1..];
            if (fields[0] == "p") Pairs[(codes[1], codes[2])] = codes[0];
        }
    }
}
