using System.Text;
using System.Xml;

namespace Mxd.Corpora.Dotnet;

/// <summary>What an XML file of documentation says of one type or member.</summary>
/// <param name="Type">The full name of the type it is, or belongs to.</param>
/// <param name="Title">The name a reader knows it by: <c>List.Add(item)</c>; for a type, its full name.</param>
/// <param name="Passages">What is said, a line each.</param>
internal sealed record DocumentedMember(string Type, string Title, IReadOnlyList<string> Passages);

/// <summary>Reads the XML files of documentation that compilers write.</summary>
internal static class DocumentedMembers
{
    private static readonly XmlReaderSettings settings = new() { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, IgnoreComments = true, IgnoreProcessingInstructions = true };

    /// <exception cref="XmlException">The file is damaged.</exception>
    public static IEnumerable<DocumentedMember> Read(string path)
    {
        using var reader = XmlReader.Create(path, settings);
        while (reader.ReadToFollowing("member"))
        {
            if (reader.GetAttribute("name") is not { Length: > 2 } name || name[1] != ':' || reader.IsEmptyElement) continue;
            using XmlReader member = reader.ReadSubtree();
            yield return Read(name, member);
        }
    }

    private static DocumentedMember Read(string name, XmlReader reader)
    {
        List<string> parameters = [], passages = [];
        reader.Read();
        reader.Read();
        while (!reader.EOF)
        {
            if (reader.NodeType != XmlNodeType.Element || reader.Depth != 1)
            {
                reader.Read();
                continue;
            }
            (string element, string? subject) = (reader.Name, reader.GetAttribute("name") ?? reader.GetAttribute("cref"));
            if (element == "param" && subject is not null) parameters.Add(subject);
            using (XmlReader content = reader.ReadSubtree())
                passages.AddRange(Text(content).Select(line => Introduced(element, subject, line)));
            reader.Read();
        }
        (string type, string title) = Named(name, parameters);
        return new DocumentedMember(type, title, passages);
    }

    private static string Introduced(string element, string? subject, string line) => element switch
    {
        "param" or "typeparam" => $"{subject}: {line}",
        "returns" or "value" => $"Returns: {line}",
        "exception" when subject is not null => $"Throws {ShortName(subject)}: {line}",
        _ => line,
    };

    /// <summary>The text of an element, its references by the names they refer to, a paragraph a line.</summary>
    private static IEnumerable<string> Text(XmlReader reader)
    {
        var text = new StringBuilder();
        while (reader.Read())
            switch (reader.NodeType)
            {
                case XmlNodeType.Element when reader.Name is "para" or "item" or "code" or "br":
                    text.Append('\n');
                    break;
                case XmlNodeType.Element when reader.IsEmptyElement:
                    text.Append(Reference(reader));
                    break;
                case XmlNodeType.EndElement when reader.Name is "para" or "item" or "code":
                    text.Append('\n');
                    break;
                case XmlNodeType.Text or XmlNodeType.CDATA:
                    // Line ends of the source are no paragraphs.
                    text.Append(reader.Value.ReplaceLineEndings(" "));
                    break;
                case XmlNodeType.Whitespace or XmlNodeType.SignificantWhitespace:
                    text.Append(' ');
                    break;
            }
        return text.ToString().Split('\n').Select(OneSpaced).Where(line => line.Length > 0);
    }

    private static string Reference(XmlReader reader) =>
        reader.GetAttribute("cref") is { } cref ? ShortName(cref) : reader.GetAttribute("langword") ?? reader.GetAttribute("name") ?? reader.GetAttribute("href") ?? "";

    private static string OneSpaced(string line) => string.Join(' ', line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    /// <summary>Of <c>M:System.Collections.Generic.List`1.Add(`0)</c>, the type's full name and <c>List.Add(item)</c>.</summary>
    private static (string Type, string Title) Named(string name, IReadOnlyList<string> parameters)
    {
        string full = WithoutArity(name[2..]);
        if (name[0] is 'T' or 'N') return (full, full);
        int end = full.LastIndexOf('.');
        if (end < 0) return (full, full);
        string type = full[..end];
        string member = full[(end + 1)..].Replace("#ctor", "new", StringComparison.Ordinal).Replace("#cctor", "static", StringComparison.Ordinal);
        return (type, $"{Last(type)}.{member}{(name[0] == 'M' ? $"({string.Join(", ", parameters)})" : "")}");
    }

    private static string ShortName(string cref)
    {
        string full = WithoutArity(cref.Length > 2 && cref[1] == ':' ? cref[2..] : cref);
        if (cref.Length < 2 || cref[1] != ':' || cref[0] is 'T' or 'N' or '!') return Last(full);
        int end = full.LastIndexOf('.');
        return end < 0 ? full : Last(full[..end]) + full[end..].Replace(".#ctor", "", StringComparison.Ordinal);
    }

    private static string Last(string name) => name[(name.LastIndexOf('.') + 1)..];

    /// <summary>The name without its parameter list and the numbers of type parameters.</summary>
    private static string WithoutArity(string name)
    {
        int end = name.AsSpan().IndexOfAny('(', '~');
        var text = new StringBuilder();
        bool isNumber = false;
        foreach (char c in end < 0 ? name : name[..end])
        {
            isNumber = c == '`' || (isNumber && char.IsAsciiDigit(c));
            if (!isNumber) text.Append(c);
        }
        return text.ToString();
    }
}
