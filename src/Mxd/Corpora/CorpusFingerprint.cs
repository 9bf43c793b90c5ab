using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Mxd.Runtime;

namespace Mxd.Corpora;

/// <summary>What the files of a corpus hold, whatever they are called: a run records it, and is resumed on the same text only.</summary>
/// <param name="Hash">SHA-256 in lower-case hexadecimal over each file's length (8 bytes, little-endian) and bytes, in order.</param>
/// <param name="Bytes">Length of all files of this machine; those of the hub are known by commit and name.</param>
/// <param name="Files">Number of files.</param>
public sealed record CorpusFingerprint(string Hash, long Bytes, int Files)
{
    private const int BufferSize = 1 << 20;

    /// <summary>Reads the files through, a megabyte at a time.</summary>
    /// <param name="paths">At least one file.</param>
    /// <param name="progress">Told the bytes read so far, of all files together.</param>
    /// <param name="cancellation">Ends it between two megabytes.</param>
    /// <exception cref="MxdInputException">No file, or one is missing, empty, or changes while it is read.</exception>
    public static CorpusFingerprint Compute(IReadOnlyList<string> paths, IProgress<long>? progress = null, CancellationToken cancellation = default)
    {
        if (paths.Count == 0) throw new MxdInputException("No text file was named; name at least one.");
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[BufferSize];
        long bytes = 0;
        IReadOnlyList<TextShard> shards = TextShards.Find(paths, cancellation: cancellation);
        foreach (TextShard shard in shards)
        {
            if (shard.IsOnHub)
            {
                // A commit's files cannot change, and need not all be here.
                byte[] name = Encoding.UTF8.GetBytes(shard.Name);
                AddLength(hash, name.Length);
                hash.AppendData(name);
                continue;
            }
            string path = shard.Name;
            long length = TextFilePath.RequireContent(path);
            AddLength(hash, length);
            long before = bytes;
            using FileStream stream = TextFilePath.OpenRaw(path);
            for (int count; (count = stream.Read(buffer)) > 0; progress?.Report(bytes))
            {
                cancellation.ThrowIfCancellationRequested();
                hash.AppendData(buffer, 0, count);
                bytes += count;
            }
            if (bytes - before != length)
                throw new MxdInputException($"{path} had {length} bytes and then {bytes - before}: something else is writing to it; wait until it is done.");
        }
        return new CorpusFingerprint(Convert.ToHexStringLower(hash.GetHashAndReset()), bytes, shards.Count);
    }

    private static void AddLength(IncrementalHash hash, long length)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, length);
        hash.AppendData(bytes);
    }
}
