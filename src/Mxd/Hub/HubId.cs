using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using Mxd.Runtime;

namespace Mxd.Hub;

/// <summary>A repository of the Hugging Face hub as people write it: <c>gpt2</c>, <c>EleutherAI/pythia-410m</c>, <c>owner/name@revision</c>.</summary>
/// <param name="Name"><c>name</c> or <c>owner/name</c>.</param>
/// <param name="Revision">A branch, tag or commit.</param>
public sealed partial record HubId(string Name, string Revision = HubId.DefaultRevision)
{
    public const string DefaultRevision = "main";

    /// <exception cref="MxdInputException">The text is not of that form.</exception>
    public static HubId Parse(string text) => TryParse(text, out HubId? id)
        ? id
        : throw new MxdInputException($"'{text}' is not a hub id: write owner/name, or owner/name@revision.");

    public static bool TryParse(string text, [NotNullWhen(true)] out HubId? id)
    {
        Match match = Pattern().Match(text);
        string revision = match.Groups[2].Success ? match.Groups[2].Value : DefaultRevision;
        // A part of a revision is a folder of the cache.
        bool isId = match.Success && revision.Split('/').All(part => part is not ("" or "." or ".."));
        id = isId ? new HubId(match.Groups[1].Value, revision) : null;
        return isId;
    }

    /// <summary>Does what a person wrote name something on the hub? What exists on this machine, or is written as a path or with one of
    /// <paramref name="fileExtensions"/>, does not.</summary>
    public static bool IsMeant(string text, params ReadOnlySpan<string> fileExtensions)
    {
        if (Path.Exists(text) || !TryParse(text, out HubId? id)) return false;
        foreach (string extension in fileExtensions)
            if (id.Name.EndsWith(extension, StringComparison.OrdinalIgnoreCase)) return false;
        return true;
    }

    /// <summary>An id, and what a person wrote after a colon to choose a part of the repository: <c>owner/name@revision:PART</c>.</summary>
    public static (string Id, string? Part) SplitPart(string text) =>
        text.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon ? (text[..colon], text[(colon + 1)..]) : (text, null);

    public override string ToString() => Revision == DefaultRevision ? Name : $"{Name}@{Revision}";

    // Names begin with a letter, digit or underscore, so that ./model and ../model are paths; a revision may have slashes (refs/pr/1).
    [GeneratedRegex(@"\A(\w[\w.-]*(?:/\w[\w.-]*)?)(?:@(\w[\w./-]*))?\z", RegexOptions.CultureInvariant | RegexOptions.ECMAScript)]
    private static partial Regex Pattern();
}
