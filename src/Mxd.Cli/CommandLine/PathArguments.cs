using System.CommandLine;
using Mxd.Runtime;

namespace Mxd.Cli.CommandLine;

/// <summary>Any number of paths that stand by themselves on the command line, at least one.</summary>
internal sealed class PathArguments : Argument<string[]>
{
    private readonly string shown;

    public PathArguments(string name, string description) : base(name)
    {
        shown = name;
        Description = description;
        Arity = ArgumentArity.ZeroOrMore;
    }

    /// <summary>The whole paths.</summary>
    /// <exception cref="MxdInputException">None is given, or one is blank.</exception>
    public IReadOnlyList<string> Require(ParseResult parsed, string hint)
    {
        string[] given = [.. parsed.GetResult(this)?.Tokens.Select(t => t.Value) ?? []];
        if (given.Length == 0) throw new MxdInputException($"{shown} is missing: {hint}.");
        if (given.Any(string.IsNullOrWhiteSpace)) throw new MxdInputException($"{shown} is ''; a path is expected.");
        return [.. given.Select(path => Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)))];
    }
}
