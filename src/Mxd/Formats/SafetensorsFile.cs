using System.Buffers.Binary;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Mxd.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Formats;

/// <summary>
/// A safetensors file: the header's length (unsigned 64 bits, little-endian), a JSON header, the tensors' bytes.
/// Everything is checked when it is opened, and nothing but the header is read before it is asked for.
/// </summary>
public sealed class SafetensorsFile : ITensorSource
{
    /// <summary>The format's own limit, in bytes.</summary>
    internal const int LongestHeader = 100_000_000;

    /// <summary>Bytes of the header's length.</summary>
    internal const int LengthBytes = sizeof(ulong);

    private const int HashedAtOnce = 1 << 20;

    private readonly SafeFileHandle handle;
    private readonly SafetensorsHeader header;
    private readonly string[] names;

    private SafetensorsFile(string path, SafeFileHandle handle, SafetensorsHeader header)
    {
        Location = path;
        this.handle = handle;
        this.header = header;
        names = [.. header.Tensors.Values.OrderBy(t => t.FileOffset).ThenBy(t => t.Name, StringComparer.Ordinal).Select(t => t.Name)];
    }

    public string Location { get; }

    public IReadOnlyList<string> Files => [Location];

    /// <summary>The header's <c>__metadata__</c>; empty where there is none.</summary>
    public IReadOnlyDictionary<string, string> Metadata => header.Metadata;

    public IReadOnlyDictionary<string, TensorEntry> Tensors => header.Tensors;

    public IReadOnlyCollection<string> Names => names;

    /// <summary>Opens and checks a file.</summary>
    /// <exception cref="MxdInputException">The file is absent, cut short, damaged or not safetensors.</exception>
    public static SafetensorsFile Open(string path)
    {
        SafeFileHandle handle = InputFile.OpenRead(path);
        try
        {
            return new SafetensorsFile(path, handle, ReadHeader(handle, path));
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    public bool Contains(string name) => header.Tensors.ContainsKey(name);

    public TensorEntry Describe(string name) =>
        header.Tensors.TryGetValue(name, out TensorEntry? entry) ? entry : throw MissingTensor.In(Location, name, Names);

    public Tensor Read(string name)
    {
        TensorEntry entry = Describe(name);
        ScalarType dtype = TorchType(entry);
        return Read(entry, dtype, dtype);
    }

    public Tensor Read(string name, ScalarType dtype)
    {
        TensorEntry entry = Describe(name);
        return Read(entry, TorchType(entry), dtype);
    }

    /// <summary>Length of the file.</summary>
    public long Bytes => RandomAccess.GetLength(handle);

    /// <summary>Fills a contiguous CPU tensor, of the dtype that is stored, with as many rows of another as it has, from row <paramref name="first"/> on.</summary>
    /// <exception cref="ArgumentException">The tensor in the file has another dtype, other rows or fewer.</exception>
    public void ReadRows(string name, long first, Tensor rows)
    {
        TensorEntry entry = Describe(name);
        long[] shape = rows.shape;
        if (shape.Length == 0 || rows.dtype != TorchType(entry) || !entry.Shape.Skip(1).SequenceEqual(shape.Skip(1)))
            throw new ArgumentException($"Rows of {entry} were asked for as {rows.dtype} [{string.Join(", ", shape)}].", nameof(rows));
        if (first < 0 || first > entry.Shape[0] - shape[0])
            throw new ArgumentException($"{shape[0]} rows from {first} on were asked for, but {entry} has {entry.Shape[0]}.", nameof(first));
        if (shape[0] > 0) Fill(entry.FileOffset + first * (entry.ByteLength / entry.Shape[0]), rows);
    }

    /// <summary>SHA-256 of the whole file in lower-case hexadecimal, read through the handle that tensors are read through.</summary>
    public string ComputeHash(CancellationToken cancellation = default)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[HashedAtOnce];
        long length = Bytes;
        for (long at = 0; at < length; at += buffer.Length)
        {
            cancellation.ThrowIfCancellationRequested();
            Span<byte> piece = buffer.AsSpan(0, (int)Math.Min(buffer.Length, length - at));
            InputFile.ReadExactly(handle, Location, at, piece);
            hash.AppendData(piece);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    public void Dispose() => handle.Dispose();

    private Tensor Read(TensorEntry entry, ScalarType stored, ScalarType wanted)
    {
        // Torch takes a boolean byte other than 0 and 1 as it finds it, so booleans are read as bytes and compared with zero.
        if (stored == ScalarType.Bool) stored = ScalarType.Byte;
        if (stored != wanted)
        {
            int size = SafetensorsDtype.For(stored)!.Bytes;
            return ChunkedTensor.Build(entry.Shape, stored, wanted, (first, chunk) => Fill(entry.FileOffset + first * size, chunk));
        }
        using DisposeScope scope = NewDisposeScope();
        Tensor result = empty([.. entry.Shape], stored, CPU);
        Fill(entry.FileOffset, result);
        return result.MoveToOuterDisposeScope();
    }

    private void Fill(long fileOffset, Tensor tensor) =>
        TensorMemory.Fill(tensor, (position, bytes) => InputFile.ReadExactly(handle, Location, fileOffset + position, bytes));

    private ScalarType TorchType(TensorEntry entry) =>
        SafetensorsDtype.Find(entry.Dtype)!.Torch
            ?? throw new MxdInputException($"{Location}: tensor {Shown.Name(entry.Name)} has the dtype {entry.Dtype}, which torch cannot hold here; convert the file to a type it has, such as F32 or BF16.");

    private static SafetensorsHeader ReadHeader(SafeFileHandle handle, string path)
    {
        long fileLength = RandomAccess.GetLength(handle);
        if (fileLength < LengthBytes)
            throw new MxdInputException($"{path} ends at byte {fileLength}, inside the {LengthBytes} bytes that every safetensors file begins with: it is cut short or not safetensors.");
        Span<byte> lengthBytes = stackalloc byte[LengthBytes];
        InputFile.ReadExactly(handle, path, 0, lengthBytes);
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(lengthBytes);
        if (length > LongestHeader)
            throw new MxdInputException($"{path} is not a safetensors file: it begins with a header length of {length} bytes, and the format allows {LongestHeader}.");
        long dataStart = LengthBytes + (long)length;
        if (dataStart > fileLength)
            throw new MxdInputException($"{path} ends at byte {fileLength}, but its header alone reaches to {dataStart}: the file is cut short or not safetensors; download it again.");
        byte[] utf8 = new byte[length];
        InputFile.ReadExactly(handle, path, LengthBytes, utf8);
        SafetensorsHeader header = SafetensorsHeaderParser.Parse(utf8, path, dataStart);
        SafetensorsLayout.Check(path, dataStart, fileLength, header.Tensors.Values);
        return header;
    }
}
