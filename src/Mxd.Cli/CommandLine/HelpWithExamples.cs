using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Mxd.Cli.CommandLine;

/// <summary>Prints what System.CommandLine prints, and a command's examples after it.</summary>
internal sealed class HelpWithExamples(HelpAction standard, IReadOnlyList<string> rootExamples) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    /// <summary>Puts examples into the help of a program and all its commands.</summary>
    public static void Install(RootCommand root, params string[] rootExamples)
    {
        HelpOption option = root.Options.OfType<HelpOption>().Single();
        option.Description = "Show this help.";
        option.Action = new HelpWithExamples((HelpAction)option.Action!, rootExamples);
        root.Options.OfType<VersionOption>().Single().Description = "Show the version.";
    }

    public override int Invoke(ParseResult parseResult)
    {
        int code = standard.Invoke(parseResult);
        IReadOnlyList<string> examples = parseResult.CommandResult.Command is DocumentedCommand command ? command.Examples : rootExamples;
        TextWriter output = parseResult.InvocationConfiguration.Output;
        output.WriteLine(examples.Count == 1 ? "Example:" : "Examples:");
        foreach (string example in examples) output.WriteLine("  " + example);
        return code;
    }
}
