using System.Runtime.InteropServices;

namespace Mxd.Runtime;

/// <summary>The version of a loaded libtorch, asked of the library itself: the package's number says only what was meant to be loaded.</summary>
internal static unsafe class LibTorchVersion
{
    /// <summary>Such as <c>2.10.0</c>; null where the library (before 2.9) does not tell.</summary>
    public static string? Read(nint libTorch)
    {
        if (!NativeLibrary.TryGetExport(libTorch, "aoti_torch_abi_version", out nint function)) return null;
        ulong version = ((delegate* unmanaged<ulong>)function)();
        return $"{version >> 56}.{(version >> 48) & 0xff}.{(version >> 40) & 0xff}";
    }
}
