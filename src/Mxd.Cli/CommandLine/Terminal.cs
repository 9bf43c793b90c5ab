using Spectre.Console;

namespace Mxd.Cli.CommandLine;

/// <summary>Consoles that send escape sequences to terminals only.</summary>
internal static class Terminal
{
    /// <summary>Width of what is written to files and pipes.</summary>
    private const int PlainWidth = 80;

    public static IAnsiConsole Create(TextWriter writer, bool isRedirected)
    {
        // The enrichers of build services would switch colours on in logs.
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = isRedirected ? AnsiSupport.No : AnsiSupport.Detect,
            Enrichment = new ProfileEnrichment { UseDefaultEnrichers = false },
        });
        if (isRedirected) console.Profile.Width = PlainWidth;
        return console;
    }
}
