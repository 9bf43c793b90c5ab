using Mxd.Formats;
using Mxd.Runtime;
using ZstdSharp;

namespace Mxd.Corpora;

/// <summary>Checks and opens the files a person named.</summary>
internal static class TextFilePath
{
    /// <summary>Enough of a folder to find a name that was mistyped.</summary>
    private const int ComparedNames = 10_000;

    /// <summary>The length in bytes, at least 1, of a file that exists.</summary>
    public static long RequireContent(string path)
    {
        if (Directory.Exists(path)) throw new MxdInputException($"{path} is a folder, but a text file is needed here: name the files in it.");
        var file = new FileInfo(string.IsNullOrWhiteSpace(path) ? throw new MxdInputException("A text file's name is empty: name a file.") : path);
        if (!file.Exists) throw Missing(path);
        // Of a link, the length asked for is the target's.
        if (file.ResolveLinkTarget(returnFinalTarget: true) is FileInfo target) file = target;
        return file.Length > 0 ? file.Length : throw new MxdInputException($"{path} is empty (0 bytes): name a file with text in it.");
    }

    /// <summary>The text's bytes, decompressed if the name says that they are compressed.</summary>
    public static Stream Open(string path)
    {
        FileStream file = OpenRaw(path);
        return Path.GetExtension(path).ToUpperInvariant() switch
        {
            ".GZ" => new GzipText(file),
            ".ZST" => new DecompressionStream(file, leaveOpen: false),
            _ => file,
        };
    }

    /// <summary>The name without the extension of a compression: what the text itself is.</summary>
    public static string WithoutCompression(string path) =>
        Path.GetExtension(path).ToUpperInvariant() is ".GZ" or ".ZST" ? path[..path.LastIndexOf('.')] : path;

    /// <summary>The file's own bytes.</summary>
    public static FileStream OpenRaw(string path)
    {
        try
        {
            // Readers have their own, larger buffers.
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0, FileOptions.SequentialScan);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MxdInputException($"{path} cannot be opened: {OneLine.Of(e)}.", e);
        }
    }

    private static MxdInputException Missing(string path)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        if (!Directory.Exists(folder)) return new MxdInputException($"{path} does not exist: there is no folder {folder}.");
        IEnumerable<string> names = Directory.EnumerateFiles(folder).Take(ComparedNames).Select(name => Path.GetFileName(name));
        string[] nearest = NearestNames.Find(Path.GetFileName(path), names);
        string hint = nearest.Length == 0 ? "the folder has no files" : $"the nearest name there is {Shown.Name(nearest[0])}";
        return new MxdInputException($"{path} does not exist; {hint}.");
    }
}
