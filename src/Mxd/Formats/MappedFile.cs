using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;
using Mxd.Runtime;

namespace Mxd.Formats;

/// <summary>A file mapped into memory, read only. Pages come from the disk when touched and cost no private memory.</summary>
internal sealed unsafe class MappedFile : IDisposable
{
    private readonly MemoryMappedFile? map;
    private readonly MemoryMappedViewAccessor? view;
    private byte* start;
    private bool disposed;

    private MappedFile(string path, long length, MemoryMappedFile? map, MemoryMappedViewAccessor? view)
    {
        Path = path;
        Length = length;
        this.map = map;
        this.view = view;
        view?.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
    }

    public string Path { get; }

    /// <summary>Bytes in the file; the mapping itself is rounded up to pages.</summary>
    public long Length { get; }

    public static MappedFile Open(string path)
    {
        SafeFileHandle handle = InputFile.OpenRead(path);
        MemoryMappedFile? map = null;
        try
        {
            long length = RandomAccess.GetLength(handle);
            if (length == 0)
            {
                handle.Dispose();
                return new MappedFile(path, 0, null, null);
            }
            map = MemoryMappedFile.CreateFromFile(handle, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
            return new MappedFile(path, length, map, map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            map?.Dispose();
            handle.Dispose();
            throw new MxdInputException($"{path} cannot be mapped into memory: {OneLine.Of(e)}.", e);
        }
    }

    /// <summary>The bytes [offset, offset + count); valid until this file is disposed.</summary>
    public ReadOnlySpan<byte> Slice(long offset, int count)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length - count);
        return new ReadOnlySpan<byte>(start + offset, count);
    }

    public void Dispose()
    {
        if (disposed) return;
        disposed = true;
        if (start is not null) view!.SafeMemoryMappedViewHandle.ReleasePointer();
        start = null;
        view?.Dispose();
        map?.Dispose();
    }
}
