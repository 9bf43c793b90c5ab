namespace Mxd.Runtime;

/// <summary>Messages of other libraries, which may have several lines, as part of an error of one line.</summary>
internal static class OneLine
{
    private static readonly char[] lineBreaks = ['\r', '\n'];

    public static string Of(Exception error) =>
        string.Join("; ", error.Message.Split(lineBreaks, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).TrimEnd('.');
}
