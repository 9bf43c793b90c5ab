using System.CommandLine;

namespace Mxd.Cli.CommandLine;

/// <summary>A command with examples at the end of its help, and options it cannot do without.</summary>
internal sealed class DocumentedCommand(string name, string description, params string[] examples) : Command(name, description)
{
    private readonly List<Required> required = [];

    public IReadOnlyList<string> Examples => examples;

    /// <summary>Requires an option, unless one of <paramref name="unless"/> is given.</summary>
    public void Require(Option option, params Option[] unless)
    {
        required.Add(new Required(option, FirstSentence(option.Description!), unless));
        option.Description += unless.Length == 0 ? " [required]" : $" [required without {string.Join(" or ", unless.Select(u => u.Name))}]";
    }

    /// <summary>
    /// A line for each required option that is missing. System.CommandLine's own way is not used: it names what is missing and drops
    /// what is wrong with the other options.
    /// </summary>
    public IEnumerable<string> Missing(ParseResult parsed) => AllMissing(parsed).Select(r => $"{r.Option.Name} is missing: give {r.Meaning}");

    /// <summary>The first required option that is missing, which a word that belongs to none may be meant for; null where none is.</summary>
    public string? FirstMissing(ParseResult parsed) => AllMissing(parsed).FirstOrDefault()?.Option.Name;

    private IEnumerable<Required> AllMissing(ParseResult parsed) =>
        required.Where(r => parsed.GetResult(r.Option) is null && !r.Unless.Any(u => parsed.GetResult(u) is { Implicit: false }));

    /// <summary>Such as "the run's folder." of "The run's folder. It is made."</summary>
    private static string FirstSentence(string description)
    {
        int end = description.IndexOf(". ", StringComparison.Ordinal);
        string sentence = end < 0 ? description : description[..(end + 1)];
        return char.ToLowerInvariant(sentence[0]) + sentence[1..];
    }

    private sealed record Required(Option Option, string Meaning, Option[] Unless);
}
