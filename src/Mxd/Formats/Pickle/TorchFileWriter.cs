using System.Globalization;
using Mxd.Formats.Pickle.Zip;
using Mxd.Runtime;

namespace Mxd.Formats.Pickle;

/// <summary>
/// Writes checkpoints that <c>torch.load</c> loads: the layout of <c>torch.save</c> with those entries that every version since 1.6 has, so
/// without <c>byteorder</c>, whose absence means little-endian. To read one in Python takes the classes of its instances, as for any pickle.
/// </summary>
public static class TorchFileWriter
{
    /// <summary>Used where the file's name cannot be that of a folder in an archive.</summary>
    private const string AnyFolder = "archive";

    /// <summary>
    /// Writes the whole file or, when anything fails, none of it. Tensors are those of <see cref="PickleTensor.Of"/>, on any device and of
    /// any strides, or of a <see cref="TorchFile"/> that is still open.
    /// </summary>
    /// <exception cref="ArgumentException">The value holds itself, nests too deep, or has a bytes or a set, which protocol 2 lacks.</exception>
    public static void Write(string path, PickleValue root)
    {
        PickledValue pickled = PickleWriter.Write(root);
        string folder = Folder(path);
        AtomicFile.Write(path, stream =>
        {
            var zip = new ZipWriter(stream);
            zip.Add(folder + TorchNames.Pickle, pickled.Bytes.Length, data => data.Write(pickled.Bytes));
            for (int i = 0; i < pickled.Storages.Count; i++)
            {
                PickleStorage storage = pickled.Storages[i];
                zip.Add(folder + TorchNames.Data + i.ToString(CultureInfo.InvariantCulture), storage.ByteLength, storage.CopyTo);
            }
            zip.Add(folder + TorchNames.Version, 2, data => data.Write("3\n"u8));
            zip.Finish();
        });
    }

    private static string Folder(string path)
    {
        string stem = Path.GetFileNameWithoutExtension(path);
        bool safe = stem is not ("" or "." or "..") && stem.Length <= 100 && stem.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or ' ');
        return (safe ? stem : AnyFolder) + "/";
    }
}
