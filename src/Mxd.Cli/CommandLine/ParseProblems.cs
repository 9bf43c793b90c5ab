using System.CommandLine;
using System.CommandLine.Parsing;
using Mxd.Formats;

namespace Mxd.Cli.CommandLine;

/// <summary>What is wrong with a command line as such, a line each: what was written, and what to write instead.</summary>
internal static class ParseProblems
{
    public static IReadOnlyList<string> Of(ParseResult parsed)
    {
        if (parsed.CommandResult.Command.Subcommands.Count > 0) return [NoCommand(parsed)];
        (SymbolResult Taker, string Token)[] taken = [.. Taken(parsed)];
        List<string> problems = [.. Unknown(parsed), .. taken.Select(t => NotAnOption(t.Token, parsed))];
        foreach (ParseError error in parsed.Errors)
            if (!IsAboutUnknown(error, parsed) && !Array.Exists(taken, t => t.Taker == error.SymbolResult)) problems.Add(Describe(error));
        if (parsed.CommandResult.Command is DocumentedCommand command) problems.AddRange(command.Missing(parsed));
        return [.. problems.Distinct()];
    }

    /// <summary>Only the first word counts: what follows cannot be judged without a command.</summary>
    private static string NoCommand(ParseResult parsed)
    {
        string[] commands = [.. parsed.CommandResult.Command.Subcommands.Select(c => c.Name)];
        string help = $"'{Path(parsed)} --help'";
        return parsed.UnmatchedTokens switch
        {
            [] => $"No command was given; choose one of {string.Join(", ", commands)}: see {help}.",
            [var option, ..] when option.StartsWith('-') => NotAnOption(option, parsed),
            [var word, ..] => $"'{word}' is not a command: the nearest is {NearestNames.Find(word, commands)[0]}; see {help}.",
        };
    }

    private static IEnumerable<string> Unknown(ParseResult parsed)
    {
        bool followsUnknownOption = false;
        foreach (string token in parsed.UnmatchedTokens)
        {
            bool isOption = token.StartsWith('-');
            if (isOption) yield return NotAnOption(token, parsed);
            // The value after an unknown option is not a problem of its own.
            else if (!followsUnknownOption) yield return $"'{token}' belongs to no option: {Meant(token, parsed)}, or see '{Path(parsed)} --help'.";
            followsUnknownOption = isOption;
        }
    }

    /// <summary>A command that lacks an option may have been given its value alone.</summary>
    private static string Meant(string token, ParseResult parsed) =>
        parsed.CommandResult.Command is DocumentedCommand command && command.FirstMissing(parsed) is { } option ? $"write {option} {ShellWord.Quote(token)} if that is meant" : "leave it out";

    /// <summary>What takes any number of values takes an option that does not exist for one, and what follows it.</summary>
    private static IEnumerable<(SymbolResult Taker, string Token)> Taken(ParseResult parsed)
    {
        foreach (SymbolResult symbol in parsed.CommandResult.Children)
        {
            IReadOnlyList<Token> tokens = symbol switch
            {
                OptionResult { Option.Arity.MaximumNumberOfValues: > 1, Option.AllowMultipleArgumentsPerToken: true } option => option.Tokens,
                ArgumentResult { Argument.Arity.MaximumNumberOfValues: > 1 } argument => argument.Tokens,
                _ => [],
            };
            foreach (Token token in tokens)
                if (token.Value.StartsWith("--", StringComparison.Ordinal) && token.Value.Length > 2 && char.IsAsciiLetter(token.Value[2])) yield return (symbol, token.Value.Split('=')[0]);
        }
    }

    private static string NotAnOption(string token, ParseResult parsed)
    {
        string nearest = NearestNames.Find(token, parsed.CommandResult.Command.Options.Select(o => o.Name))[0];
        return $"{token} is not an option of '{Path(parsed)}': the nearest is {nearest}; see '{Path(parsed)} --help'.";
    }

    private static string Describe(ParseError error)
    {
        string own = error.Message.ReplaceLineEndings(" ");
        if (error.SymbolResult is not OptionResult { Option: var option } result || own.StartsWith(option.Name, StringComparison.Ordinal)) return own;
        string[] values = [.. result.Tokens.Select(t => t.Value)];
        return values.Length == 0 ? $"{option.Name} has no value: write one after it."
            : option.Arity.MaximumNumberOfValues < values.Length ? $"{option.Name} is given {values.Length} times ({string.Join(", ", values)}): give it once."
            : own;
    }

    private static bool IsAboutUnknown(ParseError error, ParseResult parsed) =>
        error.SymbolResult is not OptionResult && parsed.UnmatchedTokens.Any(token => error.Message.Contains($"'{token}'", StringComparison.Ordinal));

    private static string Path(ParseResult parsed)
    {
        List<string> names = [];
        for (SymbolResult? result = parsed.CommandResult; result is CommandResult command; result = result.Parent)
            names.Insert(0, command.Command is RootCommand ? "mxd" : command.Command.Name);
        return string.Join(' ', names);
    }
}
