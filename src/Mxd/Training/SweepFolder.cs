using System.Text.Json;
using Mxd.Formats;
using Mxd.Runtime;

namespace Mxd.Training;

/// <summary>A sweep on disk: sweep.json, and a run folder for each configuration.</summary>
public sealed record SweepFolder(string Path)
{
    public string DescriptionFile => System.IO.Path.Combine(Path, "sweep.json");

    /// <summary>The folder of a configuration.</summary>
    public RunFolder Run(string name) => new(System.IO.Path.Combine(Path, name));

    /// <summary>Keeps other processes from the sweep until the result is disposed.</summary>
    /// <exception cref="MxdInputException">Another process is at work on it.</exception>
    public IDisposable Enter() => new RunFolder(Path).Enter();

    public bool IsTaken => new RunFolder(Path).IsTaken;

    /// <summary>What stands in the way of making this folder, as one line; null where nothing does.</summary>
    public string? WhyNotWritable() => new RunFolder(Path).WhyNotWritable();

    public void Write(SweepDescription description) => AtomicFile.WriteAllText(DescriptionFile, JsonSerializer.Serialize(description, Json.Indented));

    /// <exception cref="MxdInputException">There is no sweep, or its description is damaged.</exception>
    public SweepDescription ReadDescription()
    {
        if (!File.Exists(DescriptionFile)) throw new MxdInputException($"{Path} is not a sweep (it has no sweep.json): name a folder that 'mxd sweep --out' made.");
        SweepDescription description = Json.Read<SweepDescription>(InputFile.ReadAllText(DescriptionFile), DescriptionFile);
        return description.Problem() is { } problem
            ? throw new MxdInputException($"{DescriptionFile} is damaged: {problem}; put back what 'mxd sweep' wrote, or begin another sweep.")
            : description;
    }
}
