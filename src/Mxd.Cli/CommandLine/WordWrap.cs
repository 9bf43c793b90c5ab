namespace Mxd.Cli.CommandLine;

/// <summary>Breaks text between words only: a path can be copied, even where it is longer than a line.</summary>
internal static class WordWrap
{
    /// <summary>The text after <paramref name="start"/>, in lines of at most <paramref name="width"/> where words allow, those that follow indented as far.</summary>
    public static IEnumerable<string> Lines(string start, string text, int width)
    {
        string line = start;
        bool isEmpty = true;
        foreach (string word in text.Split(' '))
        {
            if (!isEmpty && line.Length + 1 + word.Length > width)
            {
                yield return line;
                (line, isEmpty) = (new string(' ', start.Length), true);
            }
            line += isEmpty ? word : " " + word;
            isEmpty = false;
        }
        yield return line;
    }

    /// <summary>The same of text that nobody copies, such as a model's: what is longer than a line is broken wherever the line ends.</summary>
    public static IEnumerable<string> Text(string start, string text, int width)
    {
        int room = Math.Max(1, width - start.Length);
        return Lines(start, string.Join(' ', text.Split(' ').SelectMany(word => Pieces(word, room))), width);
    }

    /// <summary>Pieces of a word that are no longer than a line, no character cut through.</summary>
    private static IEnumerable<string> Pieces(string word, int room)
    {
        while (word.Length > room)
        {
            int cut = room > 1 && char.IsHighSurrogate(word[room - 1]) ? room - 1 : room;
            yield return word[..cut];
            word = word[cut..];
        }
        yield return word;
    }
}
