using System.Buffers.Binary;
using System.Numerics;
using Mxd.Formats.TensorBoard;
using Mxd.Tests.Runtime;

namespace Mxd.Tests.Formats.TensorBoard;

public sealed class EventLogTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private string[] Files => [.. Directory.GetFiles(folder.Path).Order(StringComparer.Ordinal)];

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Files_HaveTheNamesAndFirstBytesThatTensorBoardLooksFor()
    {
        Write(0, 1);
        Assert.Matches(@"^events\.out\.tfevents\.\d{10}\.mxd$", Path.GetFileName(Assert.Single(Files)));
        // A record of 24 bytes: those lengths and their checksum begin every file of TensorFlow's own writer, too.
        Assert.Equal([0x18, 0, 0, 0, 0, 0, 0, 0, 0xa3, 0x7f, 0x4b, 0x22], File.ReadAllBytes(Files[0])[..12]);
        Assert.Contains("brain.Event:2", File.ReadAllText(Files[0]), StringComparison.Ordinal);
    }

    [Fact]
    public void Records_AreOneAfterAnother_WithTheirChecksums()
    {
        Write(0, 1, 2, 3);
        byte[] bytes = File.ReadAllBytes(Files[0]);
        int records = 0;
        for (int at = 0; at < bytes.Length; records++)
        {
            int length = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(at));
            Assert.Equal(Masked(bytes.AsSpan(at, 8)), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + 8)));
            Assert.Equal(Masked(bytes.AsSpan(at + 12, length)), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + 12 + length)));
            at += 8 + 4 + length + 4;
        }
        Assert.Equal(4, records);
    }

    [Fact]
    public void ReadScalars_GivesThemBackByTag_WithoutThoseThatAreNull()
    {
        using (var log = new EventLog(folder.Path, 0)) log.Add(7, [new("train/loss", 0.25), new("train/l1", null), new("validation/fvu", double.NaN)]);
        Assert.Equal([(7, "train/loss", 0.25f), (7, "validation/fvu", float.NaN)], EventLog.ReadScalars(folder.Path));
    }

    [Fact]
    public void Open_CutsOffWhatCameAfterTheKeptStep_AndSaysSo()
    {
        Write(0, 1, 20, 40);
        Write(20, 21, 40);
        Assert.Equal([1, 20, 21, 40], Steps());
        Assert.Equal(2, Files.Length);

        // Field 2 (the step) is 21, field 7 (the log of the session) says START (1).
        using FileStream second = File.OpenRead(Files[1]);
        byte[] note = RecordFile.Read(second).ElementAt(1).Data;
        Assert.Equal([0x10, 21, 0x3a, 0x02, 0x08, 0x01], note[^6..]);
    }

    [Fact]
    public void Open_RemovesFilesOfWhichNothingIsKept()
    {
        Write(0, 1, 20);
        Write(20, 30);
        Write(20, 40);
        Assert.Equal([1, 20, 40], Steps());
        Write(0, 1);
        Assert.Equal([1], Steps());
        Assert.Single(Files);
    }

    [Fact]
    public void Open_NamesFilesInTheOrderOfTheirWriting_HoweverFast()
    {
        Write(0, 1);
        for (int step = 2; step < 6; step++) Write(step - 1, step);
        Assert.Equal([1, 2, 3, 4, 5], Steps());
        Assert.Equal(5, Files.Length);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(30)]
    public void Open_LeavesOutARecordThatWasCutShort(int missing)
    {
        Write(0, 1, 2, 3);
        using (var file = new FileStream(Files[0], FileMode.Open)) file.SetLength(file.Length - missing);
        Assert.Equal([1, 2], Steps());
        Write(3, 4);
        Assert.Equal([1, 2, 4], Steps());
    }

    [Fact]
    public void Read_StopsAtALengthThatIsNone_BeforeMemoryIsTaken()
    {
        byte[] head = new byte[12];
        BinaryPrimitives.WriteInt64LittleEndian(head, long.MaxValue);
        BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(8), Masked(head.AsSpan(0, 8)));
        Assert.Empty(RecordFile.Read(new MemoryStream(head)));
    }

    [Fact]
    public void Open_LeavesFilesOfOthersAlone()
    {
        string other = folder.File("events.out.tfevents.1700000000.host");
        File.WriteAllText(other, "theirs");
        Write(0, 1);
        Assert.Equal("theirs", File.ReadAllText(other));
    }

    /// <summary>Bit by bit: CRC-32C, and what the format does to it.</summary>
    private static uint Masked(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in data)
        {
            crc ^= b;
            for (int bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82f63b78 : crc >> 1;
        }
        return BitOperations.RotateLeft(~crc, 17) + 0xa282ead8;
    }

    private void Write(long keep, params long[] steps)
    {
        using var log = new EventLog(folder.Path, keep);
        foreach (long step in steps) log.Add(step, [new("train/loss", 1.0 / step)]);
    }

    private long[] Steps() => [.. EventLog.ReadScalars(folder.Path).Select(scalar => scalar.Step)];
}
