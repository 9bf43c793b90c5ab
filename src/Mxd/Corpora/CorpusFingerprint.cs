using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Mxd.Runtime;

namespace Mxd.Corpora;

/// <summary>What the files of a corpus hold, whatever they are called: a run records it, and is resumed on the same text only. A data set
/// of the hub is known by its name and commit.</summary>
/// <param name="Hash">SHA-256 in lower-case hexadecimal over each file's length (8 bytes, little-endian) and bytes, in order.</param>
/// <param name="Bytes">Length of all files of this machine.</param>
/// <param name="Files">Number of files; a data set of the hub counts as one.</param>
public sealed record CorpusFingerprint(string Hash, long Bytes, int Files)
{
    private const int BufferSize = 1 << 20;

    /// <summary>Reads the files through, a megabyte at a time.</summary>
    /// <param name="paths">At least one file, folder, pattern, or data set of the hub with its commit (<see cref="TextFiles.Pin"/>).</param>
    /// <param name="progress">Told the bytes read so far, of all files together.</param>
    /// <param name="cancellation">Ends it between two megabytes.</param>
    /// <exception cref="MxdInputException">No file, or one is missing, empty, or changes while it is read.</exception>
    public static CorpusFingerprint Compute(IReadOnlyList<string> paths, IProgress<long>? progress = null, CancellationToken cancellation = default)
    {
        if (paths.Count == 0) throw new MxdInputException("No text file was named; name at least one.");
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long bytes = 0;
        int files = 0;
        foreach (string name in paths)
        {
            if (TextFiles.IsOnHub(name))
            {
                // A commit's files cannot change, and need not all be here.
                byte[] text = Encoding.UTF8.GetBytes(name);
                AddLength(hash, text.Length);
                hash.AppendData(text);
                files++;
                continue;
            }
            foreach (TextShard shard in TextShards.Find([name], cancellation: cancellation))
            {
                bytes += Add(hash, shard.Name, read => progress?.Report(bytes + read), cancellation);
                files++;
            }
        }
        return new CorpusFingerprint(Convert.ToHexStringLower(hash.GetHashAndReset()), bytes, files);
    }

    private static long Add(IncrementalHash hash, string path, Action<long> report, CancellationToken cancellation)
    {
        long length = TextFilePath.RequireContent(path), bytes = 0;
        AddLength(hash, length);
        var buffer = new byte[BufferSize];
        using FileStream stream = TextFilePath.OpenRaw(path);
        for (int count; (count = stream.Read(buffer)) > 0; report(bytes))
        {
            cancellation.ThrowIfCancellationRequested();
            hash.AppendData(buffer, 0, count);
            bytes += count;
        }
        return bytes == length
            ? bytes
            : throw new MxdInputException($"{path} had {length} bytes and then {bytes}: something else is writing to it; wait until it is done.");
    }

    private static void AddLength(IncrementalHash hash, long length)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, length);
        hash.AppendData(bytes);
    }
}
