using System.CommandLine;
using System.CommandLine.Parsing;
using Mxd.Cli.Commands;

namespace Mxd.Cli.Tests.Documentation;

/// <summary>Every command on the pages is one that this version takes.</summary>
public sealed class DocumentedCommandTests
{
    private const string FromSource = "dotnet run --project src/Mxd.Cli -c Release -- ";

    public static TheoryData<string, string> Commands
    {
        get
        {
            var commands = new TheoryData<string, string>();
            IEnumerable<(string, string)> found = from block in CodeBlock.All
                                                  where block.Language is "sh" or "console"
                                                  from command in block.Commands()
                                                  where Arguments(command.Command) is not null
                                                  select (block.Page, Arguments(command.Command)!);
            foreach ((string page, string arguments) in found.Distinct()) commands.Add(page, arguments);
            return commands;
        }
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void Command_IsTaken(string page, string arguments)
    {
        ParseResult parsed = MxdCommands.Create().Parse([.. CommandLineParser.SplitCommandLine(arguments)]);
        Assert.True(parsed.Errors.Count == 0, $"{page}: mxd {arguments}: {string.Join("; ", parsed.Errors.Select(e => e.Message))}");
    }

    [Fact]
    public void Readme_HasTheTwoCommands_ThatDoEverythingOnAFreshMachine()
    {
        string[] commands = [.. CodeBlock.All.Where(b => b.Page == "README.md" && b.Language == "sh").SelectMany(b => b.Commands()).Select(c => c.Command)];
        Assert.Contains(FromSource + "demo", commands);
        Assert.Contains("dotnet test", commands);
    }

    [Fact]
    public void Readme_NamesEveryCommand()
    {
        string readme = File.ReadAllText(Path.Combine(Mxd.Tests.TestFiles.Root, "README.md"));
        foreach (Command command in MxdCommands.Create().Subcommands) Assert.Contains($"| `mxd {command.Name}", readme, StringComparison.Ordinal);
    }

    /// <summary>What a line gives to mxd; null where it starts something else.</summary>
    private static string? Arguments(string command)
    {
        foreach (string start in new[] { "mxd ", FromSource })
            if (command.StartsWith(start, StringComparison.Ordinal)) return command[start.Length..].Split(" | ")[0].Split(" > ")[0].Split(" # ")[0];
        return null;
    }
}
