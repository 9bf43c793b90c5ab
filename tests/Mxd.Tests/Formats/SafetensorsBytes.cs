using System.Buffers.Binary;
using System.Text;

namespace Mxd.Tests.Formats;

/// <summary>Safetensors files written by hand, right and wrong.</summary>
internal static class SafetensorsBytes
{
    /// <summary>Two tensors and a metadata entry, 52 bytes of data.</summary>
    public static byte[] Small { get; } = Make(
        """{"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"b":{"dtype":"BF16","shape":[14],"data_offsets":[24,52]}}""", 52);

    public static byte[] Make(string header, int dataBytes) => Make(Encoding.UTF8.GetBytes(header), dataBytes);

    public static byte[] Make(byte[] header, int dataBytes) => WithLength((ulong)header.Length, [.. header, .. Enumerable.Range(0, dataBytes).Select(i => (byte)i)]);

    /// <summary>A header with one tensor "a", of these fields.</summary>
    public static byte[] One(string dtype, string shape, string offsets, int dataBytes) =>
        Make($$$"""{"a":{"dtype":"{{{dtype}}}","shape":{{{shape}}},"data_offsets":{{{offsets}}}}}""", dataBytes);

    public static byte[] WithLength(ulong headerLength, byte[] rest)
    {
        byte[] file = new byte[sizeof(ulong) + rest.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(file, headerLength);
        rest.CopyTo(file, sizeof(ulong));
        return file;
    }
}
