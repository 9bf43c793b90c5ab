using Mxd.Formats.Pickle.Zip;
using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;

namespace Mxd.Formats.Pickle;

/// <summary>A storage that is an entry of an open archive. The first read of anything in it compares it with its checksum.</summary>
internal sealed class FileStorage(ZipReader archive, ZipEntry entry, StorageType type, long count, string location) : PickleStorage(type, count, location)
{
    private volatile bool verified;

    internal override Tensor Read(TensorView view)
    {
        using DisposeScope scope = NewDisposeScope();
        // Torch takes a boolean byte other than 0 and 1 as it finds it, so booleans are read as bytes and compared with zero.
        ScalarType stored = Dtype == ScalarType.Bool ? ScalarType.Byte : Dtype;
        Tensor result;
        if (view.IsContiguous || view.IsEmpty)
        {
            result = empty(view.Shape, stored, CPU);
            Fill(result, view.Offset);
        }
        else
        {
            Tensor flat = empty(view.Extent, stored, CPU);
            Fill(flat, view.Offset);
            result = flat.as_strided(view.Shape, view.Strides, 0).contiguous();
        }
        if (Dtype == ScalarType.Bool) result = result.ne(Zero);
        return result.MoveToOuterDisposeScope();
    }

    internal override void CopyTo(Stream stream)
    {
        archive.CopyTo(entry, stream);
        verified = true;
    }

    private void Fill(Tensor tensor, long firstElement)
    {
        if (!verified && tensor.NumberOfElements == Count)
        {
            var checksum = new Crc32();
            TensorMemory.Fill(tensor, (position, bytes) =>
            {
                archive.Read(entry, position, bytes);
                checksum.Append(bytes);
            });
            archive.Check(entry, checksum);
        }
        else
        {
            if (!verified) archive.CopyTo(entry, Stream.Null);
            TensorMemory.Fill(tensor, (position, bytes) => archive.Read(entry, firstElement * Type.Bytes + position, bytes));
        }
        verified = true;
    }
}
