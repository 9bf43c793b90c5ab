namespace Mxd.Runtime;

/// <summary>What was found when libtorch was loaded, and what was done about it; for <c>mxd doctor</c>.</summary>
public sealed record LibTorchReport
{
    /// <summary>The folder or file libtorch was loaded from; null where TorchSharp's own search found it, or nothing did.</summary>
    public string? LibTorchPath { get; init; }

    /// <summary>The version of the libtorch that is loaded, such as <c>2.10.0</c>; null where it could not be asked.</summary>
    public string? LibTorchVersion { get; init; }

    /// <summary>TorchSharp's own native library, as its package brought it; null where TorchSharp's own search found it.</summary>
    public string? BindingsPath { get; init; }

    /// <summary>The system's C++ standard library; null outside Linux.</summary>
    public string? StandardLibraryPath { get; init; }

    /// <summary>Whether that library has the version GLIBCXX_3.4.32, which TorchSharp asks for; null outside Linux.</summary>
    public bool? HasGlibcxx3432 { get; init; }

    /// <summary>The copy of TorchSharp's native library, changed to do without that version, that was loaded; null where none was needed.</summary>
    public string? PatchedCopyPath { get; init; }

    /// <summary>Why libtorch could not be loaded, in one line; null when it was.</summary>
    public string? Error { get; init; }
}
