using System.Runtime.InteropServices;

namespace Mxd.Runtime;

/// <summary>The system's C++ standard library (libstdc++), on Linux.</summary>
internal sealed partial class StandardLibrary
{
    private readonly nint handle;

    private StandardLibrary(nint handle) => this.handle = handle;

    /// <summary>The library that a native library of this process would get.</summary>
    /// <exception cref="MxdInputException">The system has none.</exception>
    public static StandardLibrary Open() =>
        NativeLibrary.TryLoad(ElfPatch.StandardLibrary, out nint handle)
            ? new StandardLibrary(handle)
            : throw new MxdInputException($"{ElfPatch.StandardLibrary} was not found, but libtorch needs it: install it (Debian, Ubuntu: apt install libstdc++6).");

    /// <summary>Whether the library defines the symbol (mangled) in that version; an older version of the same symbol does not count.</summary>
    public bool Defines(string symbol, string version) => FindVersioned(handle, symbol, version) != 0;

    /// <summary>Where it is; null if the system does not tell.</summary>
    public static string? FindPath()
    {
        try
        {
            return File.ReadLines("/proc/self/maps")
                .Select(line => line[(line.IndexOf('/', StringComparison.Ordinal) is var at and >= 0 ? at : line.Length)..])
                .FirstOrDefault(path => Path.GetFileName(path).StartsWith("libstdc++.so", StringComparison.Ordinal));
        }
        catch (IOException)
        {
            return null;
        }
    }

    [LibraryImport("libc.so.6", EntryPoint = "dlvsym", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint FindVersioned(nint library, string symbol, string version);
}
