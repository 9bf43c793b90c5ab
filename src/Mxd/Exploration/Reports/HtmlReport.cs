using System.Text;
using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Exploration.Reports;

/// <summary>A report as one HTML file that needs nothing else: style and figures are in it, there is no script, and nothing is fetched.</summary>
public static class HtmlReport
{
    /// <summary>The page. The same content gives the same text.</summary>
    public static string Build(ReportContent content)
    {
        List<(string Id, string Title, Html Body)> sections = [("results", "Results", ResultsSection.Of(content))];
        if (FrontierSection.Applies(content)) sections.Add((FrontierSection.Id, FrontierSection.Title, FrontierSection.Of(content)));
        if (TrainingSection.Applies(content)) sections.Add((TrainingSection.Id, TrainingSection.Title, TrainingSection.Of(content)));
        if (content.Text is not null && content.Runs.Any(r => r.Units is not null))
        {
            sections.Add((UsageSection.Id, UsageSection.Title, UsageSection.Of(content)));
            sections.Add((UnitsSection.Id, UnitsSection.Title, UnitsSection.Of(content)));
        }
        sections.Add((SetupSection.Id, SetupSection.Title, SetupSection.Of(content)));
        sections.Add((GlossarySection.Id, GlossarySection.Title, GlossarySection.Of()));
        return Page.Of(Page.Report, content.Title, Html.Of($"""
            {SummarySection.Of(content, sections.Select(s => (s.Id, s.Title)))}
            <main>
            {sections.Select(s => Html.Of($"{s.Body}\n"))}</main>
            <footer>Made by mxd {content.Version}. This page is one file: it loads nothing and runs no script.</footer>
            """)).ToString();
    }

    /// <summary>Writes the page, whole or not at all, as UTF-8.</summary>
    public static void Write(string file, ReportContent content) => AtomicFile.WriteAllText(file, Build(content));

    /// <summary>Whether a report may be written there: over another report, or where there is nothing and something can be made.</summary>
    /// <exception cref="MxdInputException">There is something else, or nothing can be written.</exception>
    public static void CheckPlace(string file) => CheckPlace(file, Page.Report, "report");

    /// <summary>Whether a page of a command may be written there.</summary>
    internal static void CheckPlace(string file, string command, string what)
    {
        if (Directory.Exists(file)) throw new MxdInputException($"{file} is a folder: name a file for the {what} by --out.");
        if (File.Exists(file) && !IsPage(file, command)) throw new MxdInputException($"{file} exists and is no {what} of mxd: name another file by --out, or remove it.");
        if (new RunFolder(Path.GetDirectoryName(Path.GetFullPath(file))!).WhyNotWritable() is { } obstacle)
            throw new MxdInputException($"The {what} {file} cannot be written: {obstacle}");
    }

    private static bool IsPage(string file, string command)
    {
        try
        {
            using FileStream stream = File.OpenRead(file);
            string expected = Page.Beginning(command);
            byte[] beginning = new byte[expected.Length];
            int read = stream.ReadAtLeast(beginning, beginning.Length, throwOnEndOfStream: false);
            return Encoding.ASCII.GetString(beginning, 0, read) == expected;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }
}
