using System.Text.Json;
using Mxd.Formats;
using Mxd.Interchange;
using Mxd.Runtime;

namespace Mxd.Training;

/// <summary>A run on disk: what it is (run.json), what it learnt (layer.safetensors), how it went (metrics.jsonl), where it stands (checkpoints/).</summary>
public sealed record RunFolder(string Path)
{
    private const int LockAttempts = 100;

    private static readonly TimeSpan lockPause = TimeSpan.FromMilliseconds(100);

    public string DescriptionFile => System.IO.Path.Combine(Path, "run.json");

    public string LayerFile => System.IO.Path.Combine(Path, NativeLayer.FileName);

    public string MetricsFile => System.IO.Path.Combine(Path, "metrics.jsonl");

    public string ResultFile => System.IO.Path.Combine(Path, "result.json");

    public string EvaluationFile => System.IO.Path.Combine(Path, "evaluation.json");

    /// <summary>Folders' own names, with those above them where two are the same.</summary>
    public static IReadOnlyList<string> ShortNames(IReadOnlyList<RunFolder> folders)
    {
        string[][] paths = [.. folders.Select(f => System.IO.Path.GetFullPath(f.Path).Split(System.IO.Path.DirectorySeparatorChar))];
        int different = paths.Select(p => string.Join('/', p)).Distinct().Count();
        for (int parts = 1; ; parts++)
        {
            string[] names = [.. paths.Select(p => string.Join('/', p[^Math.Min(parts, p.Length)..]))];
            if (names.Distinct().Count() == different) return names;
        }
    }

    /// <summary>What probing found on labelled texts of a name.</summary>
    public string ProbeFile(string data) => System.IO.Path.Combine(Path, "probe", data + ".json");

    /// <summary>Reports on many units.</summary>
    public string UnitsFolder => System.IO.Path.Combine(Path, "units");

    /// <summary>What units were named.</summary>
    public string NamesFile => System.IO.Path.Combine(Path, "names.json");

    public string CheckpointsFolder => System.IO.Path.Combine(Path, "checkpoints");

    /// <summary>Was it made by training? An imported layer's folder holds the layer alone.</summary>
    public bool IsTrained => File.Exists(DescriptionFile);

    /// <summary>Is there a run here already, or anything else? Hidden files do not count: a run killed in its first moment leaves such.</summary>
    public bool IsTaken => File.Exists(Path)
        || (Directory.Exists(Path) && Directory.EnumerateFileSystemEntries(Path).Any(entry => !System.IO.Path.GetFileName(entry).StartsWith('.')));

    /// <summary>What stands in the way of making this folder and writing into it, as one line; null where nothing does.</summary>
    public string? WhyNotWritable()
    {
        string folder = System.IO.Path.GetFullPath(Path);
        while (!System.IO.Path.Exists(folder) && System.IO.Path.GetDirectoryName(folder) is { } parent) folder = parent;
        if (File.Exists(folder)) return $"{Path} cannot be made, because {folder} is a file: name another --out.";
        try
        {
            using FileStream probe = Hold(System.IO.Path.Combine(folder, $".mxd-{Guid.NewGuid():N}"));
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"{Path} cannot be made, because nothing can be written in {folder} ({OneLine.Of(e)}): name another --out.";
        }
    }

    /// <summary>
    /// Makes the folder, keeps other processes from working on the same run until the result is disposed, and removes what a killed one
    /// left half written.
    /// </summary>
    /// <exception cref="MxdInputException">Another process is at work on the run.</exception>
    public IDisposable Enter()
    {
        string lockFile = System.IO.Path.Combine(Path, ".lock");
        FileStream held;
        try
        {
            Directory.CreateDirectory(Path);
            held = Hold(lockFile);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MxdInputException(
                e is IOException && File.Exists(lockFile)
                    ? $"{Path} is in use by another process: wait until it is done, or stop it."
                    : $"Nothing can be written in {Path} ({OneLine.Of(e)}): free it, or name another --out.",
                e);
        }
        foreach (string folder in new[] { Path, CheckpointsFolder }.Where(Directory.Exists))
            foreach (string file in Directory.GetFiles(folder, ".*.tmp")) File.Delete(file);
        return held;
    }

    /// <summary>Keeps other processes from the names until the result is disposed; waits while one is at them, which writes a small file.</summary>
    /// <exception cref="IOException">There can be no lock, or somebody holds it for longer than that takes.</exception>
    public IDisposable HoldNames()
    {
        // It stays: of a file that vanishes with the lock, a third process can make another while a second has the first.
        string file = System.IO.Path.Combine(Path, ".names.lock");
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (attempt < LockAttempts)
            {
                Thread.Sleep(lockPause);
            }
        }
    }

    /// <summary>A file that nobody else opens and that vanishes when it is closed.</summary>
    private static FileStream Hold(string file) => new(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);

    /// <summary>Writes what the run is; a description that is there is replaced.</summary>
    public void Write(RunDescription description) => AtomicFile.WriteAllText(DescriptionFile, JsonSerializer.Serialize(description, Json.Indented));

    /// <exception cref="MxdInputException">There is no run, or its description is damaged.</exception>
    public RunDescription ReadDescription()
    {
        if (!IsTrained && File.Exists(new SweepFolder(Path).DescriptionFile))
            throw new MxdInputException($"{Path} is a sweep and no run: name one of its runs, such as {Directory.GetDirectories(Path).Order(StringComparer.Ordinal).FirstOrDefault(d => File.Exists(new RunFolder(d).DescriptionFile)) ?? Path + "/RUN"}, or {Path}/*/ for all.");
        if (!IsTrained) throw new MxdInputException($"{Path} is not a run (it has no run.json): name a folder that 'mxd train --out' or 'mxd import --out' made.");
        return Json.Read<RunDescription>(InputFile.ReadAllText(DescriptionFile), DescriptionFile);
    }

    /// <summary>What the run reported at its end; null where it has not come to it.</summary>
    /// <exception cref="MxdInputException">The file is damaged.</exception>
    public TrainResult? ReadResult() => File.Exists(ResultFile) ? Json.Read<TrainResult>(InputFile.ReadAllText(ResultFile), ResultFile) : null;

    /// <summary>What the run reported at its end; null where it has not come to it, or was made longer since.</summary>
    /// <exception cref="MxdInputException">A file is damaged.</exception>
    public TrainResult? ReadFinishedResult() =>
        ReadResult() is { } result && result.Tokens >= ReadDescription().Options.TrainedTokens ? result : null;

    /// <summary>What was logged while it trained; a last line that was cut off, because the run was killed or is still at work, is left out.</summary>
    /// <exception cref="MxdInputException">A line is damaged.</exception>
    public IReadOnlyList<MetricsLine> ReadMetrics()
    {
        if (!File.Exists(MetricsFile)) return [];
        string text = InputFile.ReadAllText(MetricsFile);
        return [.. text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries).Select((line, i) => Json.Read<MetricsLine>(line, $"{MetricsFile}, line {i + 1},"))];
    }

    /// <exception cref="MxdInputException">There is neither a run nor a layer, or the run has saved none yet.</exception>
    public void RequireLayer()
    {
        if (!IsTrained && File.Exists(LayerFile)) return;
        ReadDescription();
        if (!File.Exists(LayerFile))
            throw new MxdInputException($"{Path} has no {NativeLayer.FileName} yet, because the run stopped before its first checkpoint: go on with 'mxd train --resume --out {Path}'.");
    }
}
