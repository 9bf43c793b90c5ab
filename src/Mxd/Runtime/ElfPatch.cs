using System.Buffers.Binary;

namespace Mxd.Runtime;

/// <summary>
/// Lets a library that was built against a newer libstdc++ load on an older one, where the few newer symbols it asks for are not
/// needed or exist under an older version too (<see cref="Fallbacks"/>).
/// </summary>
/// <remarks>
/// The loader refuses a library when another lacks a version that it needs, whether or not a symbol of that version is ever used.
/// It does not when the need is flagged weak. So for every version the system lacks: each of its symbols is moved to an older version
/// (<c>.gnu.version</c>), or stays where nothing refers to it, and then the need is flagged weak (<c>.gnu.version_r</c>). Nothing in
/// the file moves, and no code changes.
/// </remarks>
internal static class ElfPatch
{
    internal const string StandardLibrary = "libstdc++.so.6";
    private const ushort WeakFlag = 2;

    /// <summary>Symbols that may be newer than the system's libstdc++, and what stands in for them.</summary>
    public static IReadOnlyList<SymbolFallback> Fallbacks { get; } =
    [
        // Only marks that the library initialises std::cout itself; an older one is initialised by each user. Nothing calls it.
        new("_ZSt21ios_base_library_initv", "GLIBCXX_3.4.32", null),
        // std::condition_variable::wait(unique_lock&): the newer version differs in being noexcept. Lacking up to GCC 11 (RHEL 9).
        new("_ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE", "GLIBCXX_3.4.30", "GLIBCXX_3.4.11"),
    ];

    /// <summary>The fallbacks that this system needs.</summary>
    /// <param name="isDefined">Whether the system's libstdc++ defines a symbol (first) in a version (second).</param>
    public static IReadOnlyList<SymbolFallback> Needed(Func<string, string, bool> isDefined) =>
        [.. Fallbacks.Where(fallback => !isDefined(fallback.Symbol, fallback.Version))];

    /// <summary>
    /// A copy of <paramref name="library"/> that loads without the versions of <paramref name="fallbacks"/>. Those that the library does
    /// not ask for need no edit.
    /// </summary>
    /// <exception cref="InvalidDataException">
    /// The library is not as expected: damaged, or importing from one of the versions what no fallback replaces.
    /// </exception>
    public static byte[] Apply(byte[] library, IReadOnlyList<SymbolFallback> fallbacks)
    {
        ElfImage image = new(library);
        byte[] patched = [.. library];
        foreach (IGrouping<string, SymbolFallback> version in fallbacks.GroupBy(fallback => fallback.Version))
            DropVersion(image, patched, version.Key, [.. version]);
        return patched;
    }

    private static void DropVersion(ElfImage image, byte[] patched, string version, SymbolFallback[] fallbacks)
    {
        if (FindNeed(image, version) is not { } need) return;
        foreach (ElfSymbol symbol in image.UndefinedSymbols.Where(symbol => symbol.Version == need.Index))
        {
            SymbolFallback fallback = fallbacks.FirstOrDefault(fallback => fallback.Symbol == symbol.Name)
                ?? throw new InvalidDataException($"it imports {symbol.Name} from {version}, for which nothing older is known");
            if (fallback.OlderVersion is { } older)
                Write(patched, symbol.VersionOffset, RequireNeed(image, older).Index);
            else if (image.IsUsed(symbol))
                throw new InvalidDataException($"its code uses {symbol.Name} of {version}, which was expected to be a mere mark");
        }

        Write(patched, need.FlagsOffset, WeakFlag);
    }

    private static ElfVersionNeed? FindNeed(ElfImage image, string version) =>
        image.VersionNeeds.FirstOrDefault(need => need.Library == StandardLibrary && need.Name == version);

    private static ElfVersionNeed RequireNeed(ElfImage image, string version) =>
        FindNeed(image, version) ?? throw new InvalidDataException($"it does not ask {StandardLibrary} for {version}");

    private static void Write(byte[] patched, long offset, ushort value) =>
        BinaryPrimitives.WriteUInt16LittleEndian(patched.AsSpan((int)offset, 2), value);
}
