using System.Text;
using System.Text.Json;
using Mxd.Runtime;

namespace Mxd.Corpora.Dotnet;

/// <summary>
/// The text that every .NET SDK brings: what its reference packs say of types and members (English) and the messages of its tools in 13 other
/// languages. It goes by the name <c>dotnet</c>; <c>dotnet:held-out</c> is the text of about a sixteenth of the files, chosen by their names,
/// that is in no other. A passage that stands in several places is kept in the first; of held-out ones, those of other files are left out.
/// </summary>
internal static class DotnetText
{
    public const string Name = "dotnet", HeldOutName = "dotnet:held-out";

    private const double HeldOutShare = 1.0 / 16;

    /// <summary>Raised whenever the same SDK gives another text.</summary>
    private const string Version = "3";

    /// <summary>Messages shorter than this are labels: names of options, units.</summary>
    private const int ShortestMessage = 20;

    private const int LongestPiece = 2000;

    public static bool IsMeant(string name) => name is Name or HeldOutName;

    public static bool IsThere() => DotnetSdk.TryFind() is not null;

    /// <summary>The path of the text as a .jsonl file, in the user's cache, where it is made when it is first asked for.</summary>
    /// <exception cref="MxdInputException">There is no SDK, or nothing can be written in the cache.</exception>
    public static string Fetch(string name, CancellationToken cancellation = default)
    {
        DotnetSdk sdk = DotnetSdk.Find();
        string cache = UserCache.Folder("text");
        try
        {
            string folder = Path.Combine(cache, $"dotnet-{Fingerprint(sdk):x16}");
            string path = Path.Combine(folder, name == Name ? "training.jsonl" : "held-out.jsonl");
            if (!File.Exists(path)) Write(sdk, folder, cancellation);
            return path;
        }
        catch (Exception e) when (e is not (MxdInputException or OperationCanceledException or OutOfMemoryException))
        {
            throw new MxdInputException($"The text '{name}' cannot be made of {sdk.Root} in {cache} ({OneLine.Of(e)}): mend that, or name other text by --text.", e);
        }
    }

    /// <summary>Is a file's text held out? All languages of one are on the same side.</summary>
    internal static bool IsHeldOut(string file) => (ulong)Seeds.Derive(0, Path.GetFileName(file)) < HeldOutShare * ulong.MaxValue;

    /// <summary>The documents of both parts: a type with its members, or messages of an assembly in a language; long ones in pieces.</summary>
    internal static (IReadOnlyList<Document> Training, IReadOnlyList<Document> HeldOut) Read(DotnetSdk sdk, CancellationToken cancellation = default)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        // What is held out comes last, so that it has nothing that was met before.
        return (Part(sdk, false, seen, cancellation), Part(sdk, true, seen, cancellation));
    }

    private static List<Document> Part(DotnetSdk sdk, bool isHeldOut, HashSet<string> seen, CancellationToken cancellation)
    {
        List<Document> documents = [];
        foreach (string file in sdk.Documentation().Where(file => IsHeldOut(file) == isHeldOut))
        {
            cancellation.ThrowIfCancellationRequested();
            documents.AddRange(Types(file, seen));
        }
        foreach ((string file, _) in sdk.Translations().Where(found => IsHeldOut(found.File) == isHeldOut))
        {
            cancellation.ThrowIfCancellationRequested();
            documents.AddRange(Messages(file, seen));
        }
        return documents;
    }

    private static IEnumerable<Document> Types(string file, HashSet<string> seen) =>
        Pieces(file, Parsed(file, DocumentedMembers.Read).GroupBy(member => member.Type, StringComparer.Ordinal).Select(type => type.Select(member => Said(member, seen)).OfType<string>()));

    /// <summary>What a member says that nothing before it did, below its title.</summary>
    private static string? Said(DocumentedMember member, HashSet<string> seen)
    {
        string[] passages = [.. member.Passages.Where(seen.Add)];
        return passages.Length == 0 ? null : $"{member.Title}\n{string.Join('\n', passages)}\n\n";
    }

    private static IEnumerable<Document> Messages(string file, HashSet<string> seen) => Pieces(
        file, [Parsed(file, TranslatedStrings.Read).Select(message => message.Trim().ReplaceLineEndings("\n") + "\n").Where(message => message.Length > ShortestMessage).Where(seen.Add)]);

    /// <summary>What a file holds; nothing where it is damaged or of another kind, as odd ones among some thousand are: the others have text enough.</summary>
    private static IReadOnlyList<T> Parsed<T>(string file, Func<string, IEnumerable<T>> read)
    {
        try
        {
            return [.. read(file)];
        }
        // A file that cannot be read at all is another matter: the text would be another one next time.
        catch (Exception e) when (e is EndOfStreamException or not (IOException or UnauthorizedAccessException or OperationCanceledException or OutOfMemoryException))
        {
            return [];
        }
    }

    /// <summary>Documents of at most about <see cref="LongestPiece"/> characters: of long ones, the first few contexts of a text would know nothing else.</summary>
    /// <param name="file">Where they are from.</param>
    /// <param name="subjects">Of each, parts that stay whole; two subjects are never in one document.</param>
    private static IEnumerable<Document> Pieces(string file, IEnumerable<IEnumerable<string>> subjects)
    {
        long number = 0;
        var text = new StringBuilder();
        foreach (IEnumerable<string> parts in subjects)
        {
            foreach (string part in parts)
            {
                if (text.Length > 0 && text.Length + part.Length > LongestPiece) yield return Next();
                text.Append(part);
            }
            if (text.Length > 0) yield return Next();
        }

        Document Next()
        {
            var document = new Document(text.ToString().TrimEnd('\n') + "\n", file, ++number);
            text.Clear();
            return document;
        }
    }

    private static void Write(DotnetSdk sdk, string folder, CancellationToken cancellation)
    {
        (IReadOnlyList<Document> training, IReadOnlyList<Document> heldOut) = Read(sdk, cancellation);
        foreach ((string name, IReadOnlyList<Document> documents) in new[] { ("held-out.jsonl", heldOut), ("training.jsonl", training) })
            AtomicFile.Write(Path.Combine(folder, name), stream =>
            {
                // Files are of one language and subject each, and their names are in order: what reads a part from its beginning should meet all.
                foreach (Document document in documents.OrderBy(document => Seeds.Derive(document.Number, Path.GetRelativePath(sdk.Root, document.Source).Replace('\\', '/'))))
                {
                    JsonSerializer.Serialize(stream, new { text = document.Text, source = Path.GetRelativePath(sdk.Root, document.Source) }, Json.Compact);
                    stream.Write("\n"u8);
                }
            });
    }

    /// <summary>Names and lengths of all files: another SDK's differ.</summary>
    private static ulong Fingerprint(DotnetSdk sdk)
    {
        var text = new StringBuilder(Version);
        foreach (string file in sdk.Documentation().Concat(sdk.Translations().Select(found => found.File)))
            text.Append('\n').Append(Path.GetRelativePath(sdk.Root, file)).Append(' ').Append(new FileInfo(file).Length);
        return (ulong)Seeds.Derive(0, text.ToString());
    }
}
