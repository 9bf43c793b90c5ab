using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;
using Mxd.Runtime;

namespace Mxd.Formats;

/// <summary>A file mapped into memory, read only. Pages come from the disk when touched and cost no private memory.</summary>
internal sealed unsafe class MappedFile : IDisposable
{
    private readonly SafeFileHandle handle;
    private readonly MemoryMappedFile? map;
    private readonly MemoryMappedViewAccessor? view;
    private byte* start;
    private bool disposed;

    private MappedFile(string path, SafeFileHandle handle, long length, MemoryMappedFile? map, MemoryMappedViewAccessor? view)
    {
        Path = path;
        this.handle = handle;
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
            if (length == 0) return new MappedFile(path, handle, 0, null, null);
            map = MemoryMappedFile.CreateFromFile(handle, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            return new MappedFile(path, handle, length, map, map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read));
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

    /// <summary>Copies the bytes from <paramref name="offset"/> on without touching the mapping: what is read so does not count as this process's memory.</summary>
    public void Copy(long offset, Span<byte> destination)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        InputFile.ReadExactly(handle, Path, offset, destination);
    }

    public void Dispose()
    {
        if (disposed) return;
        disposed = true;
        if (start is not null) view!.SafeMemoryMappedViewHandle.ReleasePointer();
        start = null;
        view?.Dispose();
        map?.Dispose();
        handle.Dispose();
    }
}
