using System.Runtime.InteropServices;

namespace Mxd.Runtime;

/// <summary>
/// Environment variables as native libraries see them. On Unix .NET keeps its own copy, so that
/// <see cref="Environment.SetEnvironmentVariable(string, string)"/> does not reach them.
/// </summary>
internal static partial class NativeEnvironment
{
    /// <summary>Sets a variable of this process unless the user has set it.</summary>
    public static void SetDefault(string name, string value)
    {
        if (Environment.GetEnvironmentVariable(name) is { Length: > 0 }) return;
        if (OperatingSystem.IsWindows()) Environment.SetEnvironmentVariable(name, value);
        else _ = SetEnv(name, value, overwrite: 1);
    }

    /// <summary>The value that native libraries see; null where it is not set.</summary>
    public static string? Get(string name) =>
        OperatingSystem.IsWindows() ? Environment.GetEnvironmentVariable(name) : Marshal.PtrToStringUTF8(GetEnv(name));

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnv(string name, string value, int overwrite);

    [LibraryImport("libc", EntryPoint = "getenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint GetEnv(string name);
}
