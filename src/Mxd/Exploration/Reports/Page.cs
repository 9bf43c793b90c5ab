namespace Mxd.Exploration.Reports;

/// <summary>A whole document: no script, nothing fetched, which its own policy forbids as well.</summary>
internal static class Page
{
    /// <summary>How a page begins that was made here and may be made again in its place.</summary>
    public const string Beginning = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"generator\" content=\"mxd report\">\n";

    private static readonly Lazy<string> style = new(ReadStyle);

    public static Html Of(string title, Html body) => Html.Of($"""
        {Html.Trusted(Beginning)}<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>{title}</title>
        <style>
        {Html.Trusted(style.Value)}</style>
        </head>
        <body>
        {body}
        </body>
        </html>

        """);

    private static string ReadStyle()
    {
        using Stream stream = typeof(Page).Assembly.GetManifestResourceStream("report.css")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
