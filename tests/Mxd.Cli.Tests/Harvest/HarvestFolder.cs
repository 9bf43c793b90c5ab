using Mxd.Cli.Tests.Fixtures;

namespace Mxd.Cli.Tests.Harvest;

/// <summary>The activations of the small training run, in sixteen shards.</summary>
public sealed class HarvestFolder : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public HarvestFolder(TinyFiles files) => Tool.Run(Arguments(files, Path)).Succeeded();

    public string Path => folder.File("activations");

    /// <summary>Tokens of <see cref="TrainCall.Small"/>: 256 contexts of 32. What is given besides goes before.</summary>
    internal static IEnumerable<string> Arguments(TinyFiles files, string output, params string[] more)
    {
        string[][] usual =
        [
            ["--model", files.Model], ["--layer", "1"], ["--text", files.TrainText], ["--validation", files.HeldOutText], ["--context", "32"],
            ["--tokens", "8192"], ["--validation-contexts", "16"], ["--shard-bytes", "140kB"], ["--out", output],
        ];
        return ["harvest", .. usual.Where(option => !more.Contains(option[0])).SelectMany(option => option), .. more];
    }

    /// <summary>Every file, by its name.</summary>
    internal static Dictionary<string, byte[]> Read(string path) => Directory.GetFiles(path).ToDictionary(file => System.IO.Path.GetFileName(file), File.ReadAllBytes);

    public void Dispose() => folder.Dispose();
}
