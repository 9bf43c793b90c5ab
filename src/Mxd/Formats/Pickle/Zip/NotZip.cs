using Microsoft.Win32.SafeHandles;
using Mxd.Runtime;

namespace Mxd.Formats.Pickle.Zip;

/// <summary>Says what a file is that does not end as a zip file does.</summary>
internal static class NotZip
{
    private const byte ProtocolOpcode = 0x80, NewestProtocol = 5;

    public static MxdInputException Because(SafeFileHandle handle, string path)
    {
        long length = RandomAccess.GetLength(handle);
        Span<byte> start = stackalloc byte[4];
        start = start[..(int)Math.Min(length, start.Length)];
        InputFile.ReadExactly(handle, path, 0, start);
        if (start.SequenceEqual("PK\x03\x04"u8))
            return new MxdInputException($"{path} ends at byte {length} without a zip directory: the file is cut short; download it again.");
        if (start.Length > 1 && start[0] == ProtocolOpcode && start[1] <= NewestProtocol)
            return new MxdInputException($"{path} is a bare pickle, as PyTorch wrote checkpoints before version 1.6, and not a zip file: load it in a current PyTorch with weights_only=True and save it again with torch.save.");
        return new MxdInputException($"{path} is not a PyTorch checkpoint: it is no zip file. Give a file that torch.save has written.");
    }
}
