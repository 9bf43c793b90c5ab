namespace Mxd.Exploration.Reports;

/// <summary>A whole document: no script, nothing fetched, which its own policy forbids as well.</summary>
internal static class Page
{
    /// <summary>The command whose pages are reports, and the one whose pages show steering.</summary>
    public const string Report = "report", Steer = "steer";

    /// <summary>How a page begins that a command made and may make again in its place.</summary>
    public static string Beginning(string command) => $"<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"generator\" content=\"mxd {command}\">\n";

    private static readonly Lazy<string> style = new(ReadStyle);

    public static Html Of(string command, string title, Html body) => Html.Of($"""
        {Html.Trusted(Beginning(command))}<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
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
