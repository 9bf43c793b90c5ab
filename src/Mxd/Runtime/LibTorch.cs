using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using TorchSharp;

namespace Mxd.Runtime;

/// <summary>
/// Makes TorchSharp's libtorch load on every supported system, among them those whose libstdc++ is older than the one TorchSharp was
/// built with (Debian 12, Ubuntu 22.04, RHEL 9).
/// </summary>
/// <remarks>
/// TorchSharp loads its native libraries when it is first used. Where the system can, nothing here interferes. Where that fails, the
/// runtime asks <see cref="Resolve"/>, which loads libtorch and a patched copy of TorchSharp's library (<see cref="ElfPatch"/>). A program
/// that never uses a tensor loads nothing.
/// </remarks>
public static class LibTorch
{
    /// <summary>The version of libtorch that TorchSharp was built for.</summary>
    public const string ExpectedVersion = "2.10.0";

    private const string LibTorchFile = "libtorch_cpu.so", UmbrellaFile = "libtorch.so", BindingsFile = "libLibTorchSharp.so";

    private static readonly Lock gate = new();
    private static LibTorchReport? loaded;
    private static nint bindings;
    private static int registered;

    /// <summary>What <see cref="Load"/> found and did; it tries to load libtorch if that was not done, and does not throw.</summary>
    public static LibTorchReport Report
    {
        get
        {
            LibTorchReport natives = LoadNatives();
            return natives.Error is null && FindTorchSharpError() is { } error ? natives with { Error = error } : natives;
        }
    }

    /// <summary>
    /// Sees to it that torch loads when it is first used. Runs by itself when this library is first used; a program that may use
    /// TorchSharp before that calls it first. Costs microseconds, may be called any number of times.
    /// </summary>
    public static void LoadOnFirstUse()
    {
        if (Interlocked.Exchange(ref registered, 1) != 0) return;
        // Read by libtorch once, when it starts. Fixed thread counts: the same seed and thread count then give the same bits.
        NativeEnvironment.SetDefault("MKL_DYNAMIC", "FALSE");
        NativeEnvironment.SetDefault("OMP_DYNAMIC", "FALSE");
        // Huge pages for tensors of 2 MB and more: relu of 352 MB out of place takes 20 ms instead of 64-90 (2 cores of a Zen 4 server).
        NativeEnvironment.SetDefault("THP_MEM_ALLOC_ENABLE", "1");
        // A thread that waits for another one's part of an operation looks for it a thousand times and then sleeps. By default it keeps its core busy for about a millisecond, which the
        // other one may need: with other programs on both cores 2,400 steps of a small layer take 26 s instead of 195; alone, a
        // language model scores text as fast either way (three pairs on 2 cores: 188, 182, 183 tokens/s without, 188, 182, 186 with).
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable("OMP_WAIT_POLICY"))) NativeEnvironment.SetDefault("GOMP_SPINCOUNT", "1000");
        AssemblyLoadContext context = AssemblyLoadContext.GetLoadContext(typeof(LibTorch).Assembly) ?? AssemblyLoadContext.Default;
        context.ResolvingUnmanagedDll += Resolve;
    }

    /// <summary>
    /// Loads libtorch now. Programs call it before work starts, to fail early and in one line; may be called any number of times, from
    /// any thread.
    /// </summary>
    /// <exception cref="MxdInputException">It cannot be loaded: not there, or not for this system.</exception>
    public static void Load()
    {
        if (Report.Error is { } error) throw new MxdInputException(error);
    }

#pragma warning disable CA2255 // A library's use of TorchSharp must work without its user having to call anything first.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Initialize() => LoadOnFirstUse();

    // Called where the runtime's own search failed. Must not throw: TorchSharp then reports the failure, and Load says why.
    private static nint Resolve(Assembly assembly, string name)
    {
        if (name != "LibTorchSharp" || !OperatingSystem.IsLinux()) return 0;
        LoadNatives();
        return bindings;
    }

    private static LibTorchReport LoadNatives()
    {
        // TorchSharp is never called inside the lock: its static constructor may be waiting for it on another thread.
        lock (gate)
        {
            if (loaded is not null) return loaded;
            LoadOnFirstUse();
            return loaded = OperatingSystem.IsLinux() ? LoadOnLinux() : new LibTorchReport { LibTorchVersion = ExpectedVersion };
        }
    }

    private static LibTorchReport LoadOnLinux()
    {
        LibTorchReport report = new();
        try
        {
            IReadOnlyList<string> folders = NativeFolders.All();
            string libTorch = Require(folders, LibTorchFile), umbrella = Require(folders, UmbrellaFile), original = Require(folders, BindingsFile);
            report = report with { LibTorchPath = libTorch, BindingsPath = original };
            // By absolute path and in this order: otherwise a system-wide libtorch of another version (Debian's python3-torch) may be taken.
            nint handle = NativeLibrary.Load(libTorch);
            NativeLibrary.Load(umbrella);
            report = report with { LibTorchVersion = LibTorchVersion.Read(handle) };

            StandardLibrary standard = StandardLibrary.Open();
            IReadOnlyList<SymbolFallback> needed = ElfPatch.Needed(standard.Defines);
            report = report with { StandardLibraryPath = StandardLibrary.FindPath(), HasGlibcxx3432 = !needed.Contains(ElfPatch.Fallbacks[0]) };
            if (needed.Count == 0)
            {
                bindings = NativeLibrary.Load(original);
                return report;
            }

            (bindings, string path) = PatchedLibrary.Load(BindingsFile, Patch(original, needed));
            return report with { PatchedCopyPath = path };
        }
        catch (Exception e) when (e is MxdInputException or IOException or UnauthorizedAccessException)
        {
            return report with { Error = OneLine.Of(e) + "." };
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException or EntryPointNotFoundException)
        {
            return report with { Error = $"libtorch could not be loaded ({OneLine.Of(e)}): it needs x86-64 Linux with glibc 2.34 or newer." };
        }
    }

    private static string Require(IReadOnlyList<string> folders, string file) =>
        NativeFolders.Find(folders, file) ?? throw new MxdInputException(
            $"{file} is in none of {string.Join(", ", folders)}: reference the package libtorch-cpu-linux-x64 (or a libtorch-cuda one), " +
            $"version {ExpectedVersion}, in the program's project.");

    private static byte[] Patch(string original, IReadOnlyList<SymbolFallback> needed)
    {
        try
        {
            return ElfPatch.Apply(File.ReadAllBytes(original), needed);
        }
        catch (InvalidDataException e)
        {
            throw new MxdInputException($"{original} cannot be adapted to this system's older libstdc++: {e.Message}; restore the TorchSharp package again.", e);
        }
    }

    private static string? FindTorchSharpError()
    {
        try
        {
            torch.InitializeDeviceType(DeviceType.CPU);
            return null;
        }
        catch (Exception e) when (e is TypeInitializationException or NotSupportedException or DllNotFoundException)
        {
            return $"TorchSharp could not load libtorch ({OneLine.Of(e.InnerException ?? e)}).";
        }
    }
}
