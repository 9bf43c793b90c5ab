using Mxd.Exploration;
using Mxd.Exploration.Units;
using Mxd.Runtime;

namespace Mxd.Tests.Exploration.Units;

public sealed class UnitReportFolderTests : IDisposable
{
    private readonly string place = Directory.CreateTempSubdirectory("mxd-units-").FullName;

    private string Folder => Path.Combine(place, "units");

    public void Dispose() => Directory.Delete(place, recursive: true);

    [Fact]
    public void EachReport_IsReadByItself()
    {
        int[] units = [7, 3, 12];
        UnitReportFolder written = Write(units);
        UnitReportFolder read = UnitReportFolder.Open(Folder);
        Assert.Equal(units, read.Index.Units);
        Assert.Equal(written.Bytes, read.Bytes);
        foreach (int unit in units)
        {
            UnitReport report = read.Read(unit);
            Assert.Equal(unit, report.Unit);
            Assert.Equal($"«{unit}»", Assert.Single(report.LooksFor.Highest).Text);
        }
        Assert.False(read.Has(4));
        Assert.Throws<ArgumentOutOfRangeException>(() => read.Read(4));
    }

    [Fact]
    public void WrittenAgain_TheyAreReplaced_AndAFailureLeavesWhatWasThere()
    {
        Write([1, 2]);
        Assert.Throws<InvalidOperationException>(() => UnitReportFolder.Write(Folder, Failing(), Describe));
        Assert.Equal([1, 2], UnitReportFolder.Open(Folder).Index.Units);
        Write([5]);
        Assert.Equal([5], UnitReportFolder.Open(Folder).Index.Units);
        Assert.Equal(["units"], Directory.GetFileSystemEntries(place).Select(Path.GetFileName));

        static IEnumerable<UnitReport> Failing()
        {
            yield return Report(9);
            throw new InvalidOperationException();
        }
    }

    [Fact]
    public void DamagedOnes_AreRefused_InOneLine()
    {
        Refused("has no reports on units|mxd inspect --run RUN --units all");
        Write([1, 2]);
        string index = Path.Combine(Folder, "units.json"), lines = Path.Combine(Folder, "units.jsonl"), whole = File.ReadAllText(index);
        File.AppendAllText(lines, "more");
        Refused("units.jsonl is not what|make both again");
        Write([1, 2]);
        File.WriteAllText(index, whole.Replace("\"offsets\":[0,", "\"offsets\":[0,9000000000,", StringComparison.Ordinal));
        Refused("is not what");
        File.WriteAllText(index, "{}");
        Refused("units.json");
        Write([1, 2]);
        File.WriteAllText(index, whole.Replace("\"units\":[1,2]", "\"units\":[1,20]", StringComparison.Ordinal));
        Refused("is not what");
        File.WriteAllText(index, whole.Replace("\"units\":[1,2]", "\"units\":[2,1]", StringComparison.Ordinal));
        Assert.Contains("has unit 2 where its index has 1", Assert.Throws<MxdInputException>(() => UnitReportFolder.Open(Folder).Read(1)).Message, StringComparison.Ordinal);
        Write([1, 2]);
        byte[] bytes = File.ReadAllBytes(lines);
        bytes[3] = (byte)'}';
        File.WriteAllBytes(lines, bytes);
        Assert.Contains("unit 1", Assert.Throws<MxdInputException>(() => UnitReportFolder.Open(Folder).Read(1)).Message, StringComparison.Ordinal);

        void Refused(string parts)
        {
            string message = Assert.Throws<MxdInputException>(() => UnitReportFolder.Open(Folder)).Message;
            Assert.DoesNotContain('\n', message);
            Assert.All(parts.Split('|'), part => Assert.Contains(part, message, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Stability_CountsUnitsWithTheSameMatchOnBothSides()
    {
        UnitStability found = UnitStability.Of([Pair(1, 0.9, 1, 0.8), Pair(1, 0.9, 2, 0.9), Pair(3, 0.6, 3, 0.9), new UnitNeighbours([], [])])!;
        Assert.Equal(new UnitStability(3, 0.9, 0.9, 1), found);
        // Of experts only what they look for is compared.
        UnitStability experts = UnitStability.Of([new UnitNeighbours([new NearUnit(3, 0.8)], []), new UnitNeighbours([new NearUnit(3, 0.5)], [])])!;
        Assert.Equal((2, 1, 0.65), (experts.Units, experts.Matched, Math.Round(experts.MedianEncoder, 9)));
        Assert.True(double.IsNaN(experts.MedianDecoder));
        Assert.Null(UnitStability.Of([]));

        static UnitNeighbours Pair(int encoder, double first, int decoder, double second) => new([new NearUnit(encoder, first), new NearUnit(9, 0.1)], [new NearUnit(decoder, second)]);
    }

    private UnitReportFolder Write(IReadOnlyList<int> units) => UnitReportFolder.Write(Folder, units.Select(Report), Describe);

    private static UnitReport Report(int unit) => new(
        "runs/mxd", "mxd", unit, new TokenScores([new TokenScore(4, $"«{unit}»", 1.5)], []), new UnitSpectrum(2, 0.5, 1.5, [2, 1]), new UnitNeighbours([], []), null,
        new UnitContexts(unit, 0, 0, null, 0, 0, [], [], [], new ActivationHistogram(0, 0.5, [])), null, null);

    private static UnitReportIndex Describe(IReadOnlyList<int> units, IReadOnlyList<long> offsets) =>
        new("runs/mxd", "mxd", 20, 4096, "abc", "float32", null, ["held-out.jsonl"], "def", 128, 0, null, null, null, units, offsets);
}
