using System.CommandLine;
using System.CommandLine.Parsing;
using System.Reflection;
using Mxd.Corpora;
using Mxd.Hub;
using Mxd.Runtime;

namespace Mxd.Cli.CommandLine;

/// <summary>
/// The command-line options of an options record: one for each property marked <see cref="OptionAttribute"/>. The record's own defaults are
/// the options' defaults, so nothing is said twice.
/// </summary>
internal sealed class OptionSet<T> where T : class
{
    private readonly List<Bound> bound = [];
    // A name with one of these is a file's, even of one that is not there.
    private static readonly string[] fileExtensions = [".gguf", ".safetensors", ".pt", ".jsonl", ".ndjson", ".txt", ".csv", ".parquet", ".gz", ".zst"];
    private readonly MethodInfo clone = typeof(T).GetMethod("<Clone>$")!;

    /// <summary>Adds the options to a command, but for those of properties named by <paramref name="without"/>; <paramref name="defaults"/> fills what is not given.</summary>
    public OptionSet(Command command, T defaults, IReadOnlyList<string>? without = null)
    {
        foreach (PropertyInfo property in typeof(T).GetProperties())
        {
            if (property.GetCustomAttribute<OptionAttribute>() is not { } attribute || without?.Contains(property.Name) == true) continue;
            var entry = new Bound(property, attribute, OptionParsers.Create(attribute, property.PropertyType, property.GetValue(defaults)));
            bound.Add(entry);
            command.Options.Add(entry.Option);
        }
    }

    /// <summary>A copy of <paramref name="start"/> with every option that was given put into it.</summary>
    public T Apply(T start, ParseResult parsed)
    {
        var record = (T)clone.Invoke(start, null)!;
        foreach (Bound entry in bound)
        {
            if (Result(entry, parsed) is not { } result) continue;
            object? value = OptionParsers.Value(result, entry.Property.PropertyType, entry.Attribute.IsList);
            entry.Property.SetValue(record, entry.Attribute.IsPath ? FullPaths(value, entry.Attribute.MayBeHubId) : value);
        }
        return record;
    }

    /// <summary>Names of the options that were given.</summary>
    public IEnumerable<string> Given(ParseResult parsed) => bound.Where(entry => Result(entry, parsed) is not null).Select(entry => entry.Option.Name);

    /// <summary>The options of the named properties.</summary>
    public IEnumerable<Option> Of(params string[] properties) => properties.Select(name => bound.Single(b => b.Property.Name == name).Option);

    private static OptionResult? Result(Bound entry, ParseResult parsed) => parsed.GetResult(entry.Option) is OptionResult { Implicit: false } result ? result : null;

    private static object? FullPaths(object? value, bool mayBeHubId) => value switch
    {
        string path => FullPath(path, mayBeHubId),
        IReadOnlyList<string> paths => (string[])[.. paths.Select(path => FullPath(path, mayBeHubId))],
        _ => value,
    };

    private static string FullPath(string path, bool mayBeHubId) => mayBeHubId && (HubId.IsMeant(path, fileExtensions) || TextFiles.IsNamed(path))
        ? path
        : Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));

    private sealed record Bound(PropertyInfo Property, OptionAttribute Attribute, Option Option);
}
