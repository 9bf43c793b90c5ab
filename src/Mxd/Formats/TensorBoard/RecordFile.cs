using System.Buffers.Binary;
using System.Numerics;

namespace Mxd.Formats.TensorBoard;

/// <summary>
/// Records one after another, as TensorBoard reads them (TFRecord): length (8 bytes), checksum of the length (4), data, checksum of the data (4), little-endian.
/// </summary>
internal static class RecordFile
{
    private const int LengthBytes = 8, ChecksumBytes = 4, MaximumLength = 1 << 20;

    public static void Append(Stream stream, ReadOnlySpan<byte> data)
    {
        byte[] record = new byte[LengthBytes + ChecksumBytes + data.Length + ChecksumBytes];
        BinaryPrimitives.WriteInt64LittleEndian(record, data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(LengthBytes), Checksum(record.AsSpan(0, LengthBytes)));
        data.CopyTo(record.AsSpan(LengthBytes + ChecksumBytes));
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(record.Length - ChecksumBytes), Checksum(data));
        stream.Write(record);
    }

    /// <summary>
    /// Reads records, each with the position behind it, until the end or the first that is damaged or longer than 1 MiB: a process that was killed may have left part of one.
    /// </summary>
    public static IEnumerable<(byte[] Data, long End)> Read(Stream stream)
    {
        byte[] head = new byte[LengthBytes + ChecksumBytes], tail = new byte[ChecksumBytes];
        while (stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) == head.Length)
        {
            long length = BinaryPrimitives.ReadInt64LittleEndian(head);
            if (!Fits(head.AsSpan(0, LengthBytes), head.AsSpan(LengthBytes)) || length is < 0 or > MaximumLength) yield break;
            byte[] data = new byte[length];
            if (stream.ReadAtLeast(data, data.Length, throwOnEndOfStream: false) < data.Length
                || stream.ReadAtLeast(tail, tail.Length, throwOnEndOfStream: false) < tail.Length
                || !Fits(data, tail)) yield break;
            yield return (data, stream.Position);
        }
    }

    private static bool Fits(ReadOnlySpan<byte> data, ReadOnlySpan<byte> checksum) => Checksum(data) == BinaryPrimitives.ReadUInt32LittleEndian(checksum);

    /// <summary>CRC-32C, turned right by 15 bits and moved by a constant, so that a checksum of data that holds checksums is none of theirs.</summary>
    private static uint Checksum(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in data) crc = BitOperations.Crc32C(crc, b);
        return BitOperations.RotateRight(~crc, 15) + 0xa282ead8;
    }
}
