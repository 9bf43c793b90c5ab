using System.Globalization;

namespace Mxd.Runtime;

/// <summary>The small text files by which Linux tells about itself. One that is absent or may not be read is empty.</summary>
internal static class ProcFile
{
    private static readonly char[] separators = [' ', '\t', ':'];

    public static string[] ReadLines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Lines of a name and a number, such as <c>MemTotal: 24000 kB</c> or <c>inactive_file 4096</c>, in the file's own units.</summary>
    public static Dictionary<string, long> ReadNumbers(string path)
    {
        Dictionary<string, long> numbers = [];
        foreach (string line in ReadLines(path))
            if (line.Split(separators, StringSplitOptions.RemoveEmptyEntries) is [var name, var text, ..]
                && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number))
                numbers[name] = number;
        return numbers;
    }
}
