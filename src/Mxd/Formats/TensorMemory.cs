using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Mxd.Formats;

/// <summary>
/// The bytes of a contiguous CPU tensor, from its first element on. Torch's own <c>Tensor.bytes</c> is one span and so stops at 2 GB.
/// </summary>
internal static unsafe partial class TensorMemory
{
    /// <summary>Bytes handed to one read or write call.</summary>
    private const int Piece = 64 << 20;

    /// <summary>Address of the first element; callers keep the tensor alive while they use it.</summary>
    public static byte* Start(Tensor tensor)
    {
        if (tensor.device_type != TorchSharp.DeviceType.CPU || !tensor.is_contiguous())
            throw new ArgumentException("The tensor must be contiguous and on the CPU.", nameof(tensor));
        return (byte*)THSTensor_data(tensor.Handle);
    }

    public static long ByteLength(Tensor tensor) => tensor.NumberOfElements * tensor.ElementSize;

    /// <summary>Lets <paramref name="read"/> fill the tensor, piece by piece; its first argument is the position in bytes.</summary>
    public static void Fill(Tensor tensor, SpanAction read)
    {
        byte* start = Start(tensor);
        long length = ByteLength(tensor);
        for (long at = 0; at < length; at += Piece)
            read(at, new Span<byte>(start + at, (int)Math.Min(Piece, length - at)));
        GC.KeepAlive(tensor);
    }

    public static void Write(Tensor tensor, Stream stream)
    {
        byte* start = Start(tensor);
        long length = ByteLength(tensor);
        for (long at = 0; at < length; at += Piece)
            stream.Write(new ReadOnlySpan<byte>(start + at, (int)Math.Min(Piece, length - at)));
        GC.KeepAlive(tensor);
    }

    public delegate void SpanAction(long position, Span<byte> bytes);

    [LibraryImport("LibTorchSharp")]
    private static partial nint THSTensor_data(nint handle);
}
