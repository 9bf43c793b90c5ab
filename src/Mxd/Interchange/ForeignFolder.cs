using Mxd.Runtime;

namespace Mxd.Interchange;

/// <summary>A layer as a folder of two files: <c>cfg.json</c>, and weights whose file name tells the projects apart.</summary>
internal sealed record ForeignFolder(string Path, string WeightsName)
{
    public const string ConfigName = "cfg.json";

    public string ConfigFile => System.IO.Path.Combine(Path, ConfigName);

    public string WeightsFile => System.IO.Path.Combine(Path, WeightsName);

    public bool Exists => File.Exists(ConfigFile) && File.Exists(WeightsFile);

    /// <exception cref="MxdInputException">One of the files is not there.</exception>
    public ForeignFolder Require()
    {
        foreach (string file in new[] { ConfigFile, WeightsFile })
            if (!File.Exists(file)) throw new MxdInputException($"{file} does not exist: name the folder that holds {ConfigName} and {WeightsName}.");
        return this;
    }
}
