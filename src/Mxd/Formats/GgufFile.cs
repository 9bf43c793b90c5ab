using System.Buffers;
using Mxd.Formats.Blocks;
using Mxd.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Formats;

/// <summary>
/// A GGUF file, version 2 or 3: metadata, mapped into memory, and tensors, quantised or not. The whole header is checked when it is opened.
/// Shapes are in torch's order, the reverse of the file's.
/// </summary>
public sealed class GgufFile : ITensorSource
{
    private readonly MappedFile file;
    private readonly GgufHeader header;

    private GgufFile(MappedFile file, GgufHeader header)
    {
        this.file = file;
        this.header = header;
    }

    public string Location => file.Path;

    public IReadOnlyList<string> Files => [Location];

    /// <summary>Version of the format.</summary>
    public int Version => (int)header.Version;

    public GgufMetadata Metadata => header.Metadata;

    public IReadOnlyCollection<string> Names => header.Tensors.Keys;

    /// <summary>Opens and checks a file.</summary>
    /// <exception cref="MxdInputException">The file is absent, cut short, damaged, or of a version that is not read.</exception>
    public static GgufFile Open(string path)
    {
        MappedFile file = MappedFile.Open(path);
        try
        {
            return new GgufFile(file, GgufHeader.Read(file));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public bool Contains(string name) => header.Tensors.ContainsKey(name);

    public TensorEntry Describe(string name) => Find(name).Entry;

    /// <summary>F16 and BF16 as they are, everything else as float32.</summary>
    public Tensor Read(string name) => Read(name, Find(name).Storage.Name switch
    {
        "F16" => ScalarType.Float16,
        "BF16" => ScalarType.BFloat16,
        _ => ScalarType.Float32,
    });

    /// <summary>
    /// Values as <paramref name="dtype"/>. They are computed in float32, straight into the result where that is float32, and otherwise
    /// a megabyte at a time.
    /// </summary>
    /// <exception cref="MxdInputException">The name is missing, or its storage type is not one that is read.</exception>
    public Tensor Read(string name, ScalarType dtype)
    {
        GgufTensor tensor = Find(name);
        IBlockFormat format = Readable(name, tensor);
        if (dtype != ScalarType.Float32)
            return ChunkedTensor.Build(tensor.Entry.Shape, ScalarType.Float32, dtype, (first, chunk) => Dequantise(tensor.Entry, format, first, chunk));
        using DisposeScope scope = NewDisposeScope();
        Tensor result = empty([.. tensor.Entry.Shape], ScalarType.Float32, CPU);
        Dequantise(tensor.Entry, format, 0, result);
        return result.MoveToOuterDisposeScope();
    }

    /// <summary>Finds early, without reading it, what would make <see cref="Read(string)"/> fail.</summary>
    /// <exception cref="MxdInputException">The name is missing, or its storage type is not one that is read.</exception>
    public void RequireReadable(string name) => _ = Readable(name, Find(name));

    public void Dispose() => file.Dispose();

    private IBlockFormat Readable(string name, GgufTensor tensor) => tensor.Storage.Format
        ?? throw new MxdInputException(
            $"{Location}: tensor {Shown.Name(name)} is stored as {tensor.Storage.Name}, which is not read; use a file quantised as one of "
            + $"{string.Join(", ", GgufStorage.All.Where(storage => storage.Format is not null).Select(storage => storage.Name))}.");

    private GgufTensor Find(string name) =>
        header.Tensors.TryGetValue(name, out GgufTensor? tensor) ? tensor : throw MissingTensor.In(Location, name, Names);

    /// <summary>Fills a float32 tensor with the values from <paramref name="firstElement"/> on, which begins a block.</summary>
    private unsafe void Dequantise(TensorEntry entry, IBlockFormat format, long firstElement, Tensor target)
    {
        var values = (float*)TensorMemory.Start(target);
        long count = target.NumberOfElements;
        byte[] blocks = ArrayPool<byte>.Shared.Rent((int)Math.Min(ChunkedTensor.Elements, count) / format.BlockElements * format.BlockBytes);
        for (long done = 0; done < count; done += ChunkedTensor.Elements)
        {
            int elements = (int)Math.Min(ChunkedTensor.Elements, count - done);
            long position = entry.FileOffset + (firstElement + done) / format.BlockElements * format.BlockBytes;
            Span<byte> chunk = blocks.AsSpan(0, elements / format.BlockElements * format.BlockBytes);
            file.Copy(position, chunk);
            format.Dequantise(chunk, new Span<float>(values + done, elements));
        }
        ArrayPool<byte>.Shared.Return(blocks);
        GC.KeepAlive(target);
    }
}
