using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Mxd.Formats.Pickle;
using Mxd.Formats.Pickle.Zip;
using Mxd.Tests.Runtime;

namespace Mxd.Tests.Formats.Pickle;

/// <summary>Archives that lie about their entries. Sound bytes with one record changed at a time.</summary>
public sealed class HostileZipTests : IDisposable
{
    private const string Damaged = ": the file is damaged; download it again.";
    private const string SaveAgain = ", which torch.save does not write: save it again with torch.save.";

    private static readonly byte[] pickle = new PickleAssembler(2).Tensor(4, 0, [4], [1]).Stop();
    private static readonly byte[] sound = TorchZip.Make(pickle, new byte[16]);
    private static readonly int end = sound.Length - ZipRecords.EndBytes, locator = end - ZipRecords.Locator64Bytes, end64 = locator - ZipRecords.End64Bytes;
    private static readonly int directory = BinaryPrimitives.ReadInt32LittleEndian(sound.AsSpan(end + 16));

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Open_TakesTheSoundArchive()
    {
        File.WriteAllBytes(folder.File("f.pt"), sound);
        TorchFile.Open(folder.File("f.pt")).Dispose();
    }

    [Fact]
    public void Open_RefusesAFileCutAnywhere()
    {
        for (int length = 4; length < sound.Length; length++)
            AssertRefused($" ends at byte {length} without a zip directory: the file is cut short; download it again.", sound[..length]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("P")]
    [InlineData("not a zip file at all, but longer than an end record")]
    public void Open_RefusesWhatIsNoZip(string content) =>
        AssertRefused(" is not a PyTorch checkpoint: it is no zip file. Give a file that torch.save has written.", Encoding.ASCII.GetBytes(content));

    /// <summary>The second is how checkpoints of PyTorch before 1.6 begin: a pickle of a magic number.</summary>
    [Theory]
    [InlineData("80024e2e")]
    [InlineData("80028a0a6cfc9c46f9206aa850192e80024de9032e")]
    public void Open_SaysHowToSaveABarePickleAgain(string hex) =>
        AssertRefused(
            " is a bare pickle, as PyTorch wrote checkpoints before version 1.6, and not a zip file: load it in a current PyTorch with weights_only=True and save it again with torch.save.",
            Convert.FromHexString(hex));

    [Fact]
    public void Open_RefusesCompression()
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        using (Stream entry = zip.CreateEntry("m/data.pkl").Open())
            entry.Write(new byte[10_000_000]);
        AssertRefused($" has the zip entry 'm/data.pkl' compressed (method 8){SaveAgain}", stream.ToArray());
    }

    public static TheoryData<int, int, string> Central => new()
    {
        { 8, 1, $" has the zip entry 'm/data.pkl' encrypted{SaveAgain}" },
        { 8, 1 << 6, $" has the zip entry 'm/data.pkl' encrypted{SaveAgain}" },
        { 8, 1 << 13, $" has the zip entry 'm/data.pkl' encrypted{SaveAgain}" },
        { 10, 12, $" has the zip entry 'm/data.pkl' compressed (method 12){SaveAgain}" },
        { 34, 1, $" has the zip entry 'm/data.pkl' in another part of an archive{SaveAgain}" },
        { 20, 7, $" has the zip entry 'm/data.pkl', stored as it is, with 7 bytes for {pickle.Length}{Damaged}" },
        { 28, 9, $" has something in its zip directory that is no entry{Damaged}" },
        { 30, 9, $" has the zip entry 'm/data.pkl' with an extra field that is cut short{Damaged}" },
        { 30, ushort.MaxValue, $" has a zip directory that is cut short{Damaged}" },
        { 32, ushort.MaxValue, $" has a zip directory that is cut short{Damaged}" },
        { 32, 9, $" has something in its zip directory that is no entry{Damaged}" },
        { 0, 0, $" has something in its zip directory that is no entry{Damaged}" },
    };

    [Theory]
    [MemberData(nameof(Central))]
    public void Open_RefusesADirectoryEntryOfAnotherForm(int at, int value, string message) => AssertRefused(message, Patched16(directory + at, (ushort)value));

    [Fact]
    public void Open_RefusesSizesAndPositionsOutsideTheFile()
    {
        byte[] large = Patched32(directory + 24, 1_000_000);
        BinaryPrimitives.WriteUInt32LittleEndian(large.AsSpan(directory + 20), 1_000_000);
        AssertRefused($" has the zip entry 'm/data.pkl', whose 1000000 bytes from 64 on reach into the directory at {directory}{Damaged}", large);
        AssertRefused(
            $" has the zip entry 'm/data.pkl' at 1000000, where there is no room for it before the directory at {directory}{Damaged}",
            Patched32(directory + 42, 1_000_000));
        AssertRefused($" has the zip entry 'm/data.pkl' without the 64-bit numbers that it refers to{Damaged}", Patched32(directory + 42, uint.MaxValue));
        AssertRefused($" has the zip entry 'm/data.pkl' in its directory, but another one at 1{Damaged}", Patched32(directory + 42, 1));
    }

    [Fact]
    public void Open_RefusesNegative64BitSizes()
    {
        byte[] name = "m/data.pkl"u8.ToArray();
        byte[] entry = new byte[ZipRecords.CentralBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(entry, ZipRecords.CentralSignature);
        entry.AsSpan(20, 8).Fill(0xff);
        entry[28] = (byte)name.Length;
        entry[30] = 20;
        byte[] wide = [1, 0, 16, 0, .. Enumerable.Repeat((byte)0xff, 16)];
        AssertRefused($" has the zip entry 'm/data.pkl' with a size or position of 18446744073709551615{Damaged}", Ended(1, [.. entry, .. name, .. wide]));
    }

    [Fact]
    public void Open_RefusesEntriesThatOverlap()
    {
        byte[] twice = TorchZip.Of(("m/data.pkl", pickle), ("m/a", [1]), ("m/b", [2]));
        int at = BinaryPrimitives.ReadInt32LittleEndian(twice.AsSpan(twice.Length - 6));
        int second = at + ZipRecords.CentralBytes + "m/data.pkl".Length;
        BinaryPrimitives.WriteUInt32LittleEndian(twice.AsSpan(second + 20), 40);
        BinaryPrimitives.WriteUInt32LittleEndian(twice.AsSpan(second + 24), 40);
        AssertRefused($" has two zip entries that overlap, 'm/a' and 'm/b'{Damaged}", twice);
    }

    [Fact]
    public void Open_RefusesTwoEntriesOfOneName() =>
        AssertRefused($" has two zip entries 'm/data.pkl'{Damaged}", TorchZip.Of(("m/data.pkl", pickle), ("m/data.pkl", pickle)));

    [Theory]
    [InlineData("../data.pkl")]
    [InlineData("m/../../data.pkl")]
    [InlineData("m/./data.pkl")]
    [InlineData("/m/data.pkl")]
    [InlineData("m//data.pkl")]
    [InlineData("m\\data.pkl")]
    [InlineData("C:/data.pkl")]
    [InlineData("..")]
    [InlineData("/")]
    [InlineData("")]
    public void Open_RefusesNamesThatLeadOutOfTheArchive(string name) =>
        AssertRefused($" has the zip entry '{name}', a name that leads out of the archive: do not use the file.", TorchZip.Of((name, pickle), ("m/version", "3\n"u8.ToArray())));

    [Fact]
    public void Open_RefusesNamesWithANulOrThatAreNotUtf8()
    {
        AssertRefused(" has the zip entry 'm\uFFFDdata.pkl', a name that leads out of the archive: do not use the file.", TorchZip.Of(("m\0data.pkl", pickle)));
        AssertRefused(" has a zip entry whose name is not UTF-8: the file is damaged; download it again.", Patched16(directory + ZipRecords.CentralBytes, 0xffff));
    }

    [Fact]
    public void Open_RefusesEndRecordsThatContradictEachOther()
    {
        AssertRefused($" states two different numbers of zip entries{Damaged}", Patched16(end + 10, 9));
        AssertRefused($" states two different numbers of zip entries{Damaged}", Patched32(end64 + 24, 9));
        AssertRefused($" is one part of an archive of several{SaveAgain}", Patched16(end + 4, 1));
        AssertRefused($" is one part of an archive of several{SaveAgain}", Patched32(end64 + 16, 1));
        AssertRefused($" ends before its zip comment does{Damaged}", Patched16(end + 20, 1));
        AssertRefused($" has two zip end records that contradict each other{Damaged}", Patched32(end + 12, 9));
        AssertRefused($" has two zip end records that contradict each other{Damaged}", Patched32(end64 + 48, 9));
        AssertRefused($" has no 64-bit zip record at 9, where it places it{Damaged}", Patched32(locator + 8, 9));
        AssertRefused($" places its 64-bit zip record at 4294967295, where there is no room for it{Damaged}", Patched32(locator + 8, uint.MaxValue));
        AssertRefused($" has no 64-bit zip record at {end64}, where it places it{Damaged}", Patched32(end64 + 4, uint.MaxValue));
    }

    [Fact]
    public void Open_RefusesADirectoryOutsideTheFile()
    {
        AssertRefused($" places a zip directory of 0 bytes at 4294967295, which does not end at 0, where the end records begin{Damaged}", End(0, 0, uint.MaxValue));
        AssertRefused($" places a zip directory of 4294967295 bytes at 0, which does not end at 0, where the end records begin{Damaged}", End(0, uint.MaxValue, 0));
        AssertRefused($" states 65535 zip entries, which its directory of 0 bytes cannot hold{Damaged}", End(ushort.MaxValue, 0, 0));
        byte[] huge = Patched32(end64 + 24, uint.MaxValue);
        BinaryPrimitives.WriteUInt32LittleEndian(huge.AsSpan(end64 + 32), uint.MaxValue);
        BinaryPrimitives.WriteUInt32LittleEndian(huge.AsSpan(end + 8), uint.MaxValue);
        AssertRefused($" states 4294967295 zip entries, which its directory of {end64 - directory} bytes cannot hold{Damaged}", huge);
        AssertRefused($" has 4 bytes after the last entry of its zip directory{Damaged}", Ended(0, new byte[4]));
    }

    [Fact]
    public void Open_RefusesAnArchiveThatIsNoCheckpoint()
    {
        const string Not = " is a zip file, but no PyTorch checkpoint: it has";
        AssertRefused($"{Not} 0 folders with a data.pkl, where one is needed.", TorchZip.Of());
        AssertRefused($"{Not} 0 folders with a data.pkl, where one is needed.", TorchZip.Of(("data.pkl", pickle), ("m/n/data.pkl", pickle), ("m/xdata.pkl", pickle)));
        AssertRefused($"{Not} 2 folders with a data.pkl, where one is needed.", TorchZip.Of(("m/data.pkl", pickle), ("n/data.pkl", pickle)));
        AssertRefused(
            " is a TorchScript program, not a checkpoint: save its state_dict with torch.save.",
            TorchZip.Of(("m/data.pkl", pickle), ("m/constants.pkl", pickle), ("m/version", "3\n"u8.ToArray())));
        AssertRefused($" has no entry 'm/version', which every checkpoint has{Damaged}", TorchZip.Of(("m/data.pkl", pickle)));
    }

    [Theory]
    [InlineData("11\n", "11")]
    [InlineData("0\n", "0")]
    [InlineData("x", "x")]
    [InlineData("00000000000000003\n", "")]
    public void Open_RefusesOtherVersions(string version, string shown) =>
        AssertRefused(
            $" has '{shown}' in 'm/version', where a version from 1 to 10 is needed: save it again with torch.save.",
            TorchZip.Of(("m/data.pkl", pickle), ("m/version", Encoding.ASCII.GetBytes(version))));

    [Fact]
    public void Open_RefusesBigEndianFiles() =>
        AssertRefused(
            " was not saved in little-endian byte order, the only one that is read: save it again on another machine.",
            TorchZip.Of(("m/data.pkl", pickle), ("m/version", "3\n"u8.ToArray()), ("m/byteorder", "big"u8.ToArray())));

    [Fact]
    public void OpenAndRead_RefuseBytesThatDoNotMatchTheirChecksum()
    {
        const string Mismatch = " do not match their checksum: the file is damaged; download it again. (If torch.serialization.set_crc32_options(False) was used, save it again without.)";
        byte[] content = [.. sound];
        content[64 + 5] ^= 1;
        Assert.Equal($"{folder.File("f.pt")}: the bytes of 'm/data.pkl'{Mismatch}", Refusal.Of(folder.File("f.pt"), content, TorchFile.Open));
        content = [.. sound];
        TestTensors.LoadTorch();
        int storage = sound.AsSpan().IndexOf("m/data/0"u8);
        content[(storage / 64 + 1) * 64 + 3] ^= 1;
        string? message = Refusal.OrNull(folder.File("f.pt"), content, file => file.Root.ToTensor().Read().Dispose(), TorchFile.Open);
        Assert.Equal($"{folder.File("f.pt")}: the bytes of 'm/data/0'{Mismatch}", message);
    }

    /// <summary>A directory of some bytes at the file's beginning, and an end record for it.</summary>
    private static byte[] Ended(ushort count, byte[] entries) => [.. entries, .. End(count, (uint)entries.Length, 0)];

    private static byte[] End(ushort count, uint size, uint offset)
    {
        byte[] record = new byte[ZipRecords.EndBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(record, ZipRecords.EndSignature);
        BinaryPrimitives.WriteUInt16LittleEndian(record.AsSpan(8), count);
        BinaryPrimitives.WriteUInt16LittleEndian(record.AsSpan(10), count);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(12), size);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(16), offset);
        return record;
    }

    private static byte[] Patched16(int at, ushort value)
    {
        byte[] content = [.. sound];
        BinaryPrimitives.WriteUInt16LittleEndian(content.AsSpan(at), value);
        return content;
    }

    private static byte[] Patched32(int at, uint value)
    {
        byte[] content = [.. sound];
        BinaryPrimitives.WriteUInt32LittleEndian(content.AsSpan(at), value);
        return content;
    }

    private void AssertRefused(string message, byte[] content) =>
        Assert.Equal(folder.File("f.pt") + message, Refusal.Of(folder.File("f.pt"), content, TorchFile.Open));
}
