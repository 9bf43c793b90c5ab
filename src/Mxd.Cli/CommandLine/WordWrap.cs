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
}
