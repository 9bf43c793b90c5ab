using System.CommandLine;
using System.CommandLine.Parsing;
using Mxd.Runtime;

namespace Mxd.Cli.CommandLine;

/// <summary>A path that stands by itself on the command line. What is missing is said in the words of the command, not of the parser.</summary>
internal sealed class PathArgument : Argument<string?>
{
    private readonly string shown;

    public PathArgument(string name, string description) : base(name)
    {
        shown = name;
        Description = description;
        Arity = ArgumentArity.ZeroOrOne;
    }

    /// <summary>The whole path, or null where none is given.</summary>
    public string? Find(ParseResult parsed) => parsed.GetResult(this) is ArgumentResult { Tokens.Count: > 0 } result
        ? Path.TrimEndingDirectorySeparator(Path.GetFullPath(NotBlank(result.Tokens[0].Value)))
        : null;

    /// <exception cref="MxdInputException">None is given.</exception>
    public string Require(ParseResult parsed, string hint) => Find(parsed) ?? throw new MxdInputException($"{shown} is missing: {hint}.");

    private string NotBlank(string value) => string.IsNullOrWhiteSpace(value) ? throw new MxdInputException($"{shown} is '{value}'; a path is expected.") : value;
}
