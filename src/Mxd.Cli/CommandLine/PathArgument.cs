using System.CommandLine;
using System.CommandLine.Parsing;
using Mxd.Runtime;

namespace Mxd.Cli.CommandLine;

/// <summary>A path that stands by itself on the command line. What is missing is said in the words of the command, not of the parser.</summary>
internal sealed class PathArgument : Argument<string?>
{
    private readonly string shown;
    private readonly Func<string, bool> isOnHub;

    /// <param name="name">As help shows it.</param>
    /// <param name="description">For help.</param>
    /// <param name="isOnHub">Does a value name something of the hub, and is therefore no path? By default none does.</param>
    public PathArgument(string name, string description, Func<string, bool>? isOnHub = null) : base(name)
    {
        shown = name;
        this.isOnHub = isOnHub ?? (_ => false);
        Description = description;
        Arity = ArgumentArity.ZeroOrOne;
    }

    /// <summary>The whole path, or the name on the hub; null where none is given.</summary>
    public string? Find(ParseResult parsed) => parsed.GetResult(this) is ArgumentResult { Tokens.Count: > 0 } result
        ? isOnHub(result.Tokens[0].Value) ? result.Tokens[0].Value : Path.TrimEndingDirectorySeparator(Path.GetFullPath(NotBlank(result.Tokens[0].Value)))
        : null;

    /// <exception cref="MxdInputException">None is given.</exception>
    public string Require(ParseResult parsed, string hint) => Find(parsed) ?? throw new MxdInputException($"{shown} is missing: {hint}.");

    private string NotBlank(string value) => string.IsNullOrWhiteSpace(value) ? throw new MxdInputException($"{shown} is '{value}'; a path is expected.") : value;
}
