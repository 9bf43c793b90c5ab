using System.Text;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using Mxd.Formats;
using Mxd.Runtime;

namespace Mxd.Exploration.Units;

/// <summary>
/// Reports on many units of a layer, in a run's folder: <c>units/units.jsonl</c> has a line of JSON a unit, a <see cref="UnitReport"/>, and <c>units/units.json</c> says what they were made of
/// and where each line begins, so that one is read without the others.
/// </summary>
public sealed class UnitReportFolder
{
    private const string IndexName = "units.json", LinesName = "units.jsonl";

    /// <summary>Of a line, so that a damaged index takes no memory.</summary>
    private const long MostBytes = 16 << 20, MostIndexBytes = 256 << 20;

    private readonly string lines;
    private readonly Dictionary<int, int> places;

    private UnitReportFolder(string lines, UnitReportIndex index)
    {
        (this.lines, Index) = (lines, index);
        places = index.Units.Select((unit, place) => (unit, place)).ToDictionary();
    }

    public UnitReportIndex Index { get; }

    /// <summary>Bytes of both files.</summary>
    public long Bytes => Directory.EnumerateFiles(Path.GetDirectoryName(lines)!).Sum(file => new FileInfo(file).Length);

    /// <summary>Opens what <see cref="Write"/> wrote.</summary>
    /// <exception cref="MxdInputException">It is not there, or is damaged.</exception>
    public static UnitReportFolder Open(string folder)
    {
        (string index, string lines) = (Path.Combine(folder, IndexName), Path.Combine(folder, LinesName));
        if (!File.Exists(index) || !File.Exists(lines)) throw new MxdInputException($"{folder} has no reports on units: make them by 'mxd inspect --run RUN --units all'.");
        if (new FileInfo(index).Length > MostIndexBytes) throw new MxdInputException($"{index} has {new FileInfo(index).Length:n0} bytes, and no index has more than {MostIndexBytes:n0}: make the reports again by 'mxd inspect --run RUN --units all'.");
        UnitReportIndex read = Json.Read<UnitReportIndex>(InputFile.ReadAllText(index), index);
        long length = new FileInfo(lines).Length;
        bool isWhole = read.Offsets.Count == read.Units.Count + 1 && read.Offsets[0] == 0 && read.Offsets[^1] == length && read.Units.Distinct().Count() == read.Units.Count && read.Units.All(unit => unit >= 0 && unit < read.LayerUnits)
            && read.Offsets.Zip(read.Offsets.Skip(1)).All(pair => pair.Second > pair.First && pair.Second - pair.First <= MostBytes);
        return isWhole ? new UnitReportFolder(lines, read) : throw new MxdInputException($"{lines} is not what {index} describes: make both again by 'mxd inspect --run RUN --units all'.");
    }

    /// <summary>Is there a report on a unit?</summary>
    public bool Has(int unit) => places.ContainsKey(unit);

    /// <summary>Reads one.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is none on this unit.</exception>
    /// <exception cref="MxdInputException">Its line is damaged.</exception>
    public UnitReport Read(int unit)
    {
        if (!places.TryGetValue(unit, out int place)) throw new ArgumentOutOfRangeException(nameof(unit), unit, "There is no report on this unit.");
        using SafeFileHandle handle = InputFile.OpenRead(lines);
        var line = new byte[Index.Offsets[place + 1] - Index.Offsets[place]];
        InputFile.ReadExactly(handle, lines, Index.Offsets[place], line);
        UnitReport report = Json.Read<UnitReport>(Encoding.UTF8.GetString(line), $"{lines}, unit {unit}");
        return report.Unit == unit ? report : throw new MxdInputException($"{lines} has unit {report.Unit} where its index has {unit}: make both again by 'mxd inspect --run RUN --units all'.");
    }

    /// <summary>Writes reports as they come; the folder appears whole at the end, in place of one that is there.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="reports">The reports, of which one at a time is held.</param>
    /// <param name="describe">The index, from the units and offsets that were written.</param>
    /// <returns>What was written.</returns>
    public static UnitReportFolder Write(string folder, IEnumerable<UnitReport> reports, Func<IReadOnlyList<int>, IReadOnlyList<long>, UnitReportIndex> describe)
    {
        AtomicFolder.Replace(folder, temporary =>
        {
            List<int> units = [];
            List<long> offsets = [0];
            using (var stream = new FileStream(Path.Combine(temporary, LinesName), FileMode.CreateNew))
            {
                foreach (UnitReport report in reports)
                {
                    JsonSerializer.Serialize(stream, report, Json.Compact);
                    stream.WriteByte((byte)'\n');
                    units.Add(report.Unit);
                    offsets.Add(stream.Position);
                }
                stream.Flush(flushToDisk: true);
            }
            AtomicFile.WriteAllText(Path.Combine(temporary, IndexName), JsonSerializer.Serialize(describe(units, offsets), Json.Compact));
        });
        return Open(folder);
    }
}
