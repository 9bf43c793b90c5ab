using System.IO.Enumeration;
using Mxd.Runtime;

namespace Mxd.Corpora;

/// <summary>The texts in a folder and below it. Links to folders are not followed, since they may lead back; names that begin with a dot are
/// other programs' business.</summary>
internal static class TextFolder
{
    // None: what is left out is said below.
    private static readonly EnumerationOptions everything = new() { RecurseSubdirectories = true, IgnoreInaccessible = false, AttributesToSkip = FileAttributes.None };

    /// <summary>Paths in the ordinal order of what follows the folder, written with <c>/</c>: the same on every system.</summary>
    /// <param name="folder">One that exists.</param>
    /// <param name="pattern">Chooses among the texts.</param>
    /// <exception cref="MxdInputException">The folder or one below it cannot be read.</exception>
    public static string[] Find(string folder, GlobPattern? pattern = null)
    {
        var files = new FileSystemEnumerable<string>(folder, (ref entry) => entry.ToSpecifiedFullPath(), everything)
        {
            ShouldRecursePredicate = (ref entry) => !IsHidden(entry) && !entry.Attributes.HasFlag(FileAttributes.ReparsePoint),
            ShouldIncludePredicate = (ref entry) => !entry.IsDirectory && !IsHidden(entry),
        };
        try
        {
            return
            [
                .. files.Select(path => (Path: path, Relative: Path.GetRelativePath(folder, path).Replace(Path.DirectorySeparatorChar, '/')))
                    .Where(file => TextFiles.IsRead(file.Path) && (pattern is null || pattern.IsMatch(file.Relative)))
                    .OrderBy(file => file.Relative, StringComparer.Ordinal)
                    .Select(file => file.Path),
            ];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MxdInputException($"{folder} cannot be searched for texts: {OneLine.Of(e)}: allow reading it, or name its files.", e);
        }
    }

    private static bool IsHidden(FileSystemEntry entry) => entry.FileName.StartsWith('.') || (entry.Attributes & (FileAttributes.Hidden | FileAttributes.System)) != 0;
}
