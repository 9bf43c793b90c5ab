using Mxd.Formats;
using Mxd.Runtime;

namespace Mxd.Activations;

/// <summary>A safetensors file of activations: for each hook point a tensor [contexts · T, width], rows grouped by context.</summary>
/// <param name="File">Its name, in the manifest's folder.</param>
/// <param name="Contexts">Contexts in it.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">Of the whole file, in lower-case hexadecimal.</param>
public sealed record StoredFile(string File, long Contexts, long Bytes, string Sha256)
{
    private const int HashLength = 64;

    /// <summary>Writes rows and describes the file they are in.</summary>
    internal static StoredFile Write(string folder, string name, ActivationRows rows, int contextLength)
    {
        string path = Path.Combine(folder, name);
        SafetensorsWriter.Write(path, rows.Points.Select((point, i) => (point.ToString(), rows.Values[i])));
        using SafetensorsFile written = SafetensorsFile.Open(path);
        return new StoredFile(name, rows.Count / contextLength, written.Bytes, written.ComputeHash());
    }

    /// <summary>What is wrong with its entry; null where nothing is.</summary>
    internal string? Problem(long contextBytes)
    {
        if (File.Length == 0 || File != Path.GetFileName(File) || File is "." or "..") return $"{Shown.Name(File)} is not the name of a file in its folder";
        if (Contexts < 1 || Bytes < checked(Contexts * contextBytes)) return $"{Shown.Name(File)} has {Contexts} contexts in {Bytes} bytes, which they do not fit in";
        return Sha256.Length == HashLength && Sha256.All(char.IsAsciiHexDigitLower) ? null : $"{Shown.Name(File)} has no SHA-256";
    }

    /// <summary>Opens the file and holds its length and its header against the manifest; values are not read.</summary>
    /// <exception cref="MxdInputException">It is missing, cut short, or another file.</exception>
    internal SafetensorsFile Open(string folder, HarvestFacts harvest)
    {
        string path = Path.Combine(folder, File);
        if (!System.IO.File.Exists(path)) throw new MxdInputException($"{path} does not exist, but {StoreManifest.FileName} names it: put it back, or harvest again.");
        if (Length(path) is var length && length != Bytes)
            throw new MxdInputException($"{path} has {length} bytes and not the {Bytes} of {StoreManifest.FileName}: it is damaged; put it back, or harvest again.");
        SafetensorsFile file = SafetensorsFile.Open(path);
        try
        {
            RequireTensors(file, harvest);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads the whole file and compares its hash.</summary>
    /// <exception cref="MxdInputException">It is not the file that was written.</exception>
    internal void Verify(SafetensorsFile opened, CancellationToken cancellation = default)
    {
        string hash = opened.ComputeHash(cancellation);
        if (hash != Sha256)
            throw new MxdInputException($"{opened.Location} has the SHA-256 {hash} and not the {Sha256} of {StoreManifest.FileName}: it was altered; put it back, or harvest again.");
    }

    /// <summary>All that can be wrong with it, which takes reading it through.</summary>
    /// <exception cref="MxdInputException">It is not the file that was written.</exception>
    internal void Check(string folder, HarvestFacts harvest, CancellationToken cancellation)
    {
        using SafetensorsFile file = Open(folder, harvest);
        Verify(file, cancellation);
    }

    /// <summary>Of what a link leads to, where it is one.</summary>
    private static long Length(string path)
    {
        using Microsoft.Win32.SafeHandles.SafeFileHandle handle = InputFile.OpenRead(path);
        return RandomAccess.GetLength(handle);
    }

    private void RequireTensors(SafetensorsFile file, HarvestFacts harvest)
    {
        long[] shape = [Contexts * harvest.Packing.Context, harvest.Model.Width];
        string dtype = SafetensorsDtype.For(harvest.ScalarType)!.Name;
        foreach (string point in harvest.Points)
        {
            TensorEntry entry = file.Describe(point);
            if (entry.Dtype != dtype || !entry.Shape.SequenceEqual(shape))
                throw new MxdInputException($"{file.Location} has {entry} where {StoreManifest.FileName} says {dtype} [{string.Join(", ", shape)}]: it is another harvest's; put the file back, or harvest again.");
        }
    }
}
