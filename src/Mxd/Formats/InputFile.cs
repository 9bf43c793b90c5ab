using Microsoft.Win32.SafeHandles;
using Mxd.Runtime;

namespace Mxd.Formats;

/// <summary>Opens and reads files that a person named; what goes wrong is said in one line.</summary>
internal static class InputFile
{
    public static SafeFileHandle OpenRead(string path) =>
        Open(path, () => File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete));

    /// <summary>Reads a short text file whole.</summary>
    public static string ReadAllText(string path) => Open(path, () => File.ReadAllText(path));

    private static T Open<T>(string path, Func<T> open)
    {
        if (Directory.Exists(path)) throw new MxdInputException($"{path} is a folder, but a file is needed here.");
        try
        {
            return open();
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new MxdInputException($"{path} does not exist.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new MxdInputException($"{path} cannot be opened: {OneLine.Of(e)}.", e);
        }
    }

    /// <summary>Fills <paramref name="destination"/> from <paramref name="offset"/>; a file that has become shorter is an error.</summary>
    public static void ReadExactly(SafeFileHandle handle, string path, long offset, Span<byte> destination)
    {
        while (destination.Length > 0)
        {
            int count = Read(handle, path, offset, destination);
            if (count == 0) throw new MxdInputException($"{path} ends at byte {offset}, although it was longer when it was opened: something else is writing to it.");
            destination = destination[count..];
            offset += count;
        }
    }

    private static int Read(SafeFileHandle handle, string path, long offset, Span<byte> destination)
    {
        try
        {
            return RandomAccess.Read(handle, destination, offset);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MxdInputException($"{path} cannot be read at byte {offset}: {OneLine.Of(e)}.", e);
        }
    }
}
