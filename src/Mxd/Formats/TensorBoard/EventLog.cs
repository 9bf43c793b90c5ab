using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Google.Protobuf;
using Tensorboard;

namespace Mxd.Formats.TensorBoard;

/// <summary>
/// Scalars of a run for TensorBoard, in files events.out.tfevents.*.mxd of its folder. Every process that works on the run begins a file; what earlier ones
/// wrote after the step it goes on from is cut off, and a note in the new file tells a TensorBoard that is open to forget it too.
/// </summary>
public sealed class EventLog : IDisposable
{
    private const string Prefix = "events.out.tfevents.", Suffix = ".mxd";

    /// <summary>Ten digits, as names of these files have: the year 2286.</summary>
    private const long MaximumTime = 9_999_999_998;

    private readonly FileStream stream;

    /// <param name="folder">Of the run; it exists.</param>
    /// <param name="keep">The step whose scalars are the last to keep; 0 keeps none.</param>
    public EventLog(string folder, long keep)
    {
        foreach (string file in Files(folder)) Cut(file, keep);
        stream = Create(folder);
        Add(new Event { FileVersion = "brain.Event:2" });
        if (keep > 0) Add(new Event { Step = keep + 1, SessionLog = new SessionLog { Status = SessionLog.Types.SessionStatus.Start } });
    }

    /// <summary>Appends the scalars of a step; those that are null are left out.</summary>
    /// <param name="step">Updates made.</param>
    /// <param name="scalars">By tag; what stands before a slash names the group that TensorBoard shows it in.</param>
    public void Add(long step, IEnumerable<KeyValuePair<string, double?>> scalars)
    {
        var summary = new Summary();
        foreach ((string tag, double? value) in scalars)
            if (value is { } number) summary.Value.Add(new Summary.Types.Value { Tag = tag, SimpleValue = (float)number });
        Add(new Event { Step = step, Summary = summary });
    }

    /// <summary>The scalars of a folder's files in the order in which they were written.</summary>
    public static IEnumerable<(long Step, string Tag, float Value)> ReadScalars(string folder)
    {
        foreach (string file in Files(folder))
        {
            using FileStream source = File.OpenRead(file);
            foreach ((Event read, _) in Events(source))
                foreach (Summary.Types.Value value in read.Summary?.Value ?? []) yield return (read.Step, value.Tag, value.SimpleValue);
        }
    }

    public void Dispose() => stream.Dispose();

    private void Add(Event added)
    {
        added.WallTime = (DateTime.UtcNow - DateTime.UnixEpoch).TotalSeconds;
        RecordFile.Append(stream, added.ToByteArray());
        stream.Flush();
    }

    /// <summary>In the order in which they were begun.</summary>
    private static string[] Files(string folder) => [.. Directory.GetFiles(folder, $"{Prefix}*{Suffix}").Order(StringComparer.Ordinal)];

    /// <summary>TensorBoard reads files in the order of their names, so they have the time, later than that of any there.</summary>
    private static FileStream Create(string folder)
    {
        long time = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        foreach (string file in Files(folder))
            if (long.TryParse(Path.GetFileName(file)[Prefix.Length..^Suffix.Length], NumberStyles.None, CultureInfo.InvariantCulture, out long earlier) && earlier < MaximumTime)
                time = Math.Max(time, earlier + 1);
        string name = string.Create(CultureInfo.InvariantCulture, $"{Prefix}{time:d10}{Suffix}");
        return new FileStream(Path.Combine(folder, name), FileMode.CreateNew, FileAccess.Write, FileShare.Read);
    }

    /// <summary>Events, each with the position behind it, until the end or the first that is damaged.</summary>
    private static IEnumerable<(Event Event, long End)> Events(Stream source)
    {
        foreach ((byte[] data, long end) in RecordFile.Read(source))
        {
            if (!TryParse(data, out Event? read)) yield break;
            yield return (read, end);
        }
    }

    private static bool TryParse(byte[] data, [NotNullWhen(true)] out Event? read)
    {
        try
        {
            read = Event.Parser.ParseFrom(data);
            return true;
        }
        catch (InvalidProtocolBufferException)
        {
            read = null;
            return false;
        }
    }

    private static void Cut(string file, long keep)
    {
        long end = 0;
        using (FileStream source = File.OpenRead(file))
        {
            foreach ((Event read, long next) in Events(source))
            {
                if (read.Step > keep) break;
                if (read.Summary is not null) end = next;
            }
        }
        if (end == 0)
        {
            File.Delete(file);
            return;
        }
        using var cut = new FileStream(file, FileMode.Open, FileAccess.Write);
        if (cut.Length > end) cut.SetLength(end);
    }
}
