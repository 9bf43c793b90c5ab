using System.Buffers.Binary;
using CsCheck;
using Mxd.Runtime;

namespace Mxd.Tests.Runtime;

public sealed class ElfPatchTests
{
    private static readonly SymbolFallback iosInit = ElfPatch.Fallbacks[0], conditionWait = ElfPatch.Fallbacks[1];

    [Fact]
    public void Apply_FlagsTheVersionWeak_AndChangesNothingElse()
    {
        byte[] original = Bindings();
        byte[] patched = ElfPatch.Apply(original, [iosInit]);

        ElfVersionNeed need = Assert.Single(new ElfImage(original).VersionNeeds, need => need.Name == "GLIBCXX_3.4.32");
        Assert.Equal(0, U16(original, need.FlagsOffset));
        Assert.Equal(2, U16(patched, need.FlagsOffset));
        Assert.Equal([need.FlagsOffset], Changed(original, patched));
    }

    [Fact]
    public void Apply_MovesASymbolThatIsUsedToItsOlderVersion()
    {
        byte[] original = Bindings();
        byte[] patched = ElfPatch.Apply(original, [conditionWait]);

        ElfImage before = new(original), after = new(patched);
        ElfSymbol symbol = Assert.Single(after.UndefinedSymbols, symbol => symbol.Name == conditionWait.Symbol);
        Assert.True(before.IsUsed(symbol));
        Assert.Equal("GLIBCXX_3.4.11", after.VersionNeeds.Single(need => need.Index == symbol.Version).Name);
        Assert.All(Changed(original, patched), offset => Assert.True(
            offset - symbol.VersionOffset is 0 or 1 || offset == before.VersionNeeds.Single(need => need.Name == "GLIBCXX_3.4.30").FlagsOffset));
    }

    [Fact]
    public void Apply_LeavesItsInputAlone_AndWithoutFallbacksCopiesIt()
    {
        byte[] original = Bindings(), given = [.. original];
        ElfPatch.Apply(given, ElfPatch.Fallbacks);
        Assert.Equal(original, given);
        Assert.Equal(original, ElfPatch.Apply(given, []));
    }

    [Fact]
    public void Apply_SkipsAVersionThatTheLibraryDoesNotAskFor()
    {
        byte[] original = Bindings();
        Assert.Equal(original, ElfPatch.Apply(original, [new SymbolFallback("anything", "GLIBCXX_3.4.99", null)]));
    }

    [Fact]
    public void Apply_RefusesASymbolForWhichNothingOlderIsKnown()
    {
        var error = Assert.Throws<InvalidDataException>(() => ElfPatch.Apply(Bindings(), [iosInit with { Symbol = "_ZSt4cout" }]));
        Assert.Equal("it imports _ZSt21ios_base_library_initv from GLIBCXX_3.4.32, for which nothing older is known", error.Message);
    }

    [Fact]
    public void Apply_RefusesToDropASymbolThatIsUsed()
    {
        var error = Assert.Throws<InvalidDataException>(() => ElfPatch.Apply(Bindings(), [conditionWait with { OlderVersion = null }]));
        Assert.StartsWith("its code uses _ZNSt18condition_variable4wait", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Apply_RefusesAnOlderVersionThatTheLibraryDoesNotName()
    {
        var error = Assert.Throws<InvalidDataException>(() => ElfPatch.Apply(Bindings(), [conditionWait with { OlderVersion = "GLIBCXX_3.4.0" }]));
        Assert.Equal("it does not ask libstdc++.so.6 for GLIBCXX_3.4.0", error.Message);
    }

    [Theory]
    [InlineData(0, 0x7e)]
    [InlineData(4, 1)]
    [InlineData(5, 2)]
    [InlineData(18, 183)]
    public void Apply_RefusesAnotherKindOfFile(int offset, byte value)
    {
        byte[] library = Bindings();
        library[offset] = value;
        var error = Assert.Throws<InvalidDataException>(() => ElfPatch.Apply(library, [iosInit]));
        Assert.Equal("it is not a 64-bit x86-64 ELF file", error.Message);
    }

    [Fact]
    public void Apply_RefusesAFileThatIsCutShort()
    {
        byte[] library = Bindings();
        Gen.Int[0, library.Length * 3 / 4].Sample(
            length => Assert.Throws<InvalidDataException>(() => ElfPatch.Apply(library[..length], ElfPatch.Fallbacks)), iter: 50, seed: "0000KOIPe001");
    }

    [Fact]
    public void Apply_OnADamagedFile_FailsOnlyByRefusing()
    {
        // The parts that are read: headers, the dynamic section, the hash table's head, symbols, names and versions lie in the first 320 KB.
        byte[] library = Bindings();
        Gen.Select(Gen.Int[0, 320_000], Gen.ULong).Array[1, 4].Sample(damages =>
        {
            byte[] damaged = [.. library];
            foreach ((int offset, ulong value) in damages) BinaryPrimitives.WriteUInt64LittleEndian(damaged.AsSpan(offset), value);
            Refuses(damaged);
        }, iter: 100, seed: "0000KOIPe001");
    }

    [Fact]
    public void Apply_OnADamagedHeader_FailsOnlyByRefusing()
    {
        byte[] library = Bindings();
        Gen.Select(Gen.Int[0, 600], Gen.Byte).Array[1, 3].Sample(damages =>
        {
            byte[] damaged = [.. library];
            foreach ((int offset, byte value) in damages) damaged[offset] = value;
            Refuses(damaged);
        }, iter: 300, seed: "0000KOIPe001");
    }

    [Fact]
    public void Needed_IsWhatTheStandardLibraryLacks()
    {
        Assert.Empty(ElfPatch.Needed((_, _) => true));
        Assert.Equal([iosInit], ElfPatch.Needed((_, version) => version != "GLIBCXX_3.4.32"));
        Assert.Equal([iosInit, conditionWait], ElfPatch.Needed((_, _) => false));
    }

    private static void Refuses(byte[] damaged)
    {
        try
        {
            ElfPatch.Apply(damaged, ElfPatch.Fallbacks);
        }
        catch (InvalidDataException)
        {
            // Refused, as it should be; damage that no edit depends on may also go through.
        }
    }

    internal static byte[] Bindings()
    {
        string? path = NativeFolders.Find(NativeFolders.All(), "libLibTorchSharp.so");
        Assert.SkipWhen(path is null, "TorchSharp's Linux library is not part of this build.");
        return File.ReadAllBytes(path);
    }

    private static ushort U16(byte[] bytes, long offset) => BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan((int)offset));

    private static List<long> Changed(byte[] before, byte[] after)
    {
        Assert.Equal(before.Length, after.Length);
        List<long> changed = [];
        for (int i = 0; i < before.Length; i++)
            if (before[i] != after[i]) changed.Add(i);
        return changed;
    }
}
