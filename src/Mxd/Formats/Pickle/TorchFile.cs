using System.Globalization;
using System.Text;
using Mxd.Formats.Pickle.Zip;
using Mxd.Runtime;

namespace Mxd.Formats.Pickle;

/// <summary>
/// A checkpoint that <c>torch.save</c> wrote (PyTorch 1.6 and later): a zip file of one folder with <c>data.pkl</c>, a storage of bytes in each
/// <c>data/N</c>, and <c>version</c>. Nothing in it is executed. The pickle is read and every tensor checked against its storage on opening;
/// values of tensors are read when asked for.
/// </summary>
public sealed class TorchFile : IDisposable
{
    /// <summary>Bytes of the pickle, which is held in memory; those of checkpoints have some thousands.</summary>
    internal const long LongestPickle = 64 << 20;

    private const int LongestVersion = 16, NewestVersion = 10;

    private readonly ZipReader archive;

    private TorchFile(ZipReader archive, PickleNode root)
    {
        this.archive = archive;
        Root = root;
    }

    /// <summary>The file, as it was named when it was opened; error messages begin with it.</summary>
    public string Location => archive.Location;

    /// <summary>What was saved. Its tensors can be read until this file is disposed.</summary>
    public PickleNode Root { get; }

    /// <summary>Opens and checks a file.</summary>
    /// <exception cref="MxdInputException">The file is absent, damaged, no such checkpoint, or asks for code to be run.</exception>
    public static TorchFile Open(string path)
    {
        ZipReader archive = ZipReader.Open(path);
        try
        {
            string folder = FindFolder(archive);
            RequireVersion(archive, folder);
            RequireByteOrder(archive, folder);
            var cursor = new PickleCursor(ReadPickle(archive, folder), path);
            PickleValue root = PickleMachine.Run(cursor, new PickleCalls(cursor, archive, folder + TorchNames.Data));
            return new TorchFile(archive, new PickleNode(path, "", root));
        }
        catch
        {
            archive.Dispose();
            throw;
        }
    }

    public void Dispose() => archive.Dispose();

    /// <summary>The one folder with a <c>data.pkl</c>, with its slash; it has the name that the file had when it was saved.</summary>
    private static string FindFolder(ZipReader archive)
    {
        string[] folders =
            [.. archive.Entries.Keys
                .Where(name => name.EndsWith("/" + TorchNames.Pickle, StringComparison.Ordinal) && name.IndexOf('/', StringComparison.Ordinal) == name.Length - TorchNames.Pickle.Length - 1)
                .Select(name => name[..^TorchNames.Pickle.Length])];
        if (folders.Length != 1)
            throw new MxdInputException($"{archive.Location} is a zip file, but no PyTorch checkpoint: it has {folders.Length} folders with a {TorchNames.Pickle}, where one is needed.");
        if (archive.Entries.ContainsKey(folders[0] + TorchNames.ScriptConstants))
            throw new MxdInputException($"{archive.Location} is a TorchScript program, not a checkpoint: save its state_dict with torch.save.");
        return folders[0];
    }

    private static void RequireVersion(ZipReader archive, string folder)
    {
        string name = folder + TorchNames.Version;
        if (!archive.Entries.TryGetValue(name, out ZipEntry? entry)) throw ZipFault.Damaged(archive.Location, $"has no entry {Shown.Name(name)}, which every checkpoint has");
        string text = entry.Length <= LongestVersion ? Encoding.Latin1.GetString(archive.ReadAll(entry)) : "";
        if (!int.TryParse(text, NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out int version) || version is < 1 or > NewestVersion)
            throw new MxdInputException($"{archive.Location} has {Shown.Name(text.TrimEnd('\n'))} in {Shown.Name(name)}, where a version from 1 to {NewestVersion} is needed: save it again with torch.save.");
    }

    private static void RequireByteOrder(ZipReader archive, string folder)
    {
        string name = folder + TorchNames.ByteOrder;
        if (!archive.Entries.TryGetValue(name, out ZipEntry? entry)) return;
        if (entry.Length > LongestVersion || !archive.ReadAll(entry).AsSpan().SequenceEqual("little"u8))
            throw new MxdInputException($"{archive.Location} was not saved in little-endian byte order, the only one that is read: save it again on another machine.");
    }

    private static byte[] ReadPickle(ZipReader archive, string folder)
    {
        ZipEntry entry = archive.Entries[folder + TorchNames.Pickle];
        if (entry.Length > LongestPickle)
            throw new MxdInputException($"{archive.Location} has a {TorchNames.Pickle} of {entry.Length} bytes, more than {LongestPickle}: save fewer values in one file, and long rows of numbers as tensors.");
        return archive.ReadAll(entry);
    }
}
