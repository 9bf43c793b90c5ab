using System.Text.Json;
using Mxd.Corpora;
using Mxd.Formats;
using Mxd.Hub;
using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Evaluation.Probing;

/// <summary>
/// What probing found, in a run's folder: <c>probe/NAME.json</c>, NAME being a short name of the texts, such as <c>languages</c>, of several those of all. Another result for texts of that name,
/// made in another way or of other texts, is kept: the new one gets a number.
/// </summary>
public static class ProbeFile
{
    private const int LongestName = 60;

    /// <summary>Writes a report with one run into its folder, and returns where it lies. The same texts probed in the same way again replace what was found then.</summary>
    public static string Save(ProbeReport report, RunFolder folder)
    {
        string name = NameOf(report.Protocol.Data);
        for (int number = 1; ; number++)
        {
            string file = folder.ProbeFile(number == 1 ? name : $"{name}-{number}");
            if (File.Exists(file) && !IsSame(file, report)) continue;
            AtomicFile.WriteAllText(file, JsonSerializer.Serialize(report, Json.Indented));
            return file;
        }
    }

    /// <summary>Reads a report.</summary>
    /// <exception cref="MxdInputException">There is none, or the file is damaged.</exception>
    public static ProbeReport Read(string file) => File.Exists(file)
        ? Json.Read<ProbeReport>(InputFile.ReadAllText(file), file)
        : throw new MxdInputException($"{file} does not exist: name a file that 'mxd probe' wrote into the run's folder.");

    /// <summary>A short name of texts: those of all their files and data sets, as far as they fit.</summary>
    internal static string NameOf(IReadOnlyList<string> data)
    {
        string name = string.Join('+', data.Select(NameOf).Distinct());
        return name.Length <= LongestName ? name : $"{NameOf(data[0])}+{data.Count - 1}";
    }

    /// <summary>A short name of texts: that of their file or data set, without what a file name may not have.</summary>
    internal static string NameOf(string data)
    {
        string name = Path.GetFileName(TextFiles.IsOnHub(data) ? HubId.SplitPart(data).Id.Split('@')[0] : data);
        if (!TextFiles.IsOnHub(data))
        {
            name = TextFilePath.WithoutCompression(name);
            if (TextFiles.Extensions.Contains(Path.GetExtension(name), StringComparer.OrdinalIgnoreCase)) name = Path.GetFileNameWithoutExtension(name);
        }
        string safe = FileNames.Safe(name, LongestName);
        return safe.Any(char.IsAsciiLetterOrDigit) ? safe : "texts";
    }

    /// <summary>One that cannot be read is another's, and stays.</summary>
    private static bool IsSame(string file, ProbeReport report)
    {
        try
        {
            ProbeReport there = Read(file);
            return there.DataHash == report.DataHash && Way(there.Protocol) == Way(report.Protocol);
        }
        catch (MxdInputException)
        {
            return false;
        }
    }

    /// <summary>The protocol without what says where things lie and where they are computed; of layers in place together, which they are.</summary>
    private static string Way(ProbeOptions options) =>
        JsonSerializer.Serialize(options with { Run = options.InPlace ? [.. options.Run.Select(Path.GetFullPath).Order(StringComparer.Ordinal)] : [], Data = [], Out = null, Model = null, Device = "", AllowOtherWeights = false, SkipBad = false }, Json.Compact);
}
