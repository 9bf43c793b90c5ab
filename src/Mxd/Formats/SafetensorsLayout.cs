using Mxd.Runtime;

namespace Mxd.Formats;

/// <summary>The format's rule for the data: tensors follow one another without overlap or hole, from the header to the last byte.</summary>
internal static class SafetensorsLayout
{
    public static void Check(string path, long dataStart, long fileLength, IEnumerable<TensorEntry> tensors)
    {
        long end = dataStart;
        TensorEntry? previous = null;
        foreach (TensorEntry tensor in tensors.OrderBy(t => t.FileOffset).ThenBy(t => t.ByteLength))
        {
            if (tensor.FileOffset < end)
                throw new MxdInputException($"{path}: tensors {Shown.Name(previous!.Name)} and {Shown.Name(tensor.Name)} overlap; the file is damaged.");
            if (tensor.FileOffset > end)
                throw new MxdInputException($"{path}: {tensor.FileOffset - end} bytes before tensor {Shown.Name(tensor.Name)} belong to no tensor, which the format forbids; the file is damaged.");
            end = tensor.FileOffset + tensor.ByteLength;
            previous = tensor;
        }
        if (end > fileLength)
            throw new MxdInputException($"{path} ends at byte {fileLength}, but its header describes {end}: the file is cut short; download it again.");
        if (end < fileLength)
            throw new MxdInputException($"{path} has {fileLength - end} bytes after its last tensor, which the format forbids; the file is damaged.");
    }
}
