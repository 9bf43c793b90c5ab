using System.Diagnostics;
using Mxd.Cli.Tests.Fixtures;
using Mxd.Tests.Hub;
using Mxd.Tests.Interchange;

namespace Mxd.Cli.Tests.Hub;

/// <summary>A hub on loopback with a model, a data set and layers, and commands that use it with a cache of their own.</summary>
public abstract class HubCalls : CliTests
{
    private protected const string Model = "owner/tiny-gpt2", Text = "owner/texts";

    private protected HubCalls(TinyFiles files) : base(files)
    {
        string folder = Folder.File("upload");
        TinyHubModel.Write(folder);
        Hub.AddFolder($"models/{Model}", folder);
        Hub.Add($"models/{Model}", "pytorch_model.bin", new byte[5000]);
        Hub.Add($"datasets/{Text}", "data/train-00000.jsonl", [.. Enumerable.Repeat(File.ReadAllBytes(files.TrainText), 60).SelectMany(part => part)]);
        Hub.Add($"datasets/{Text}", "data/train-00001.jsonl", File.ReadAllBytes(files.HeldOutText));
        Hub.Add($"datasets/{Text}", "README.md", "about");
    }

    private protected FakeHub Hub { get; } = new();

    private protected string Cache => Folder.File("cache");

    private protected ToolResult OnHub(params IEnumerable<string> arguments) => new RunningTool(Describe(arguments, isOffline: false)).WaitForExit();

    private protected ToolResult Offline(params IEnumerable<string> arguments) => new RunningTool(Describe(arguments, isOffline: true)).WaitForExit();

    /// <summary>Uploads a made-up layer of another project.</summary>
    private protected void AddLayer(string repository, string place, ForeignFiles layer)
    {
        string folder = layer.Save(Folder.File("layers/" + place));
        foreach (string file in Directory.GetFiles(folder)) Hub.Add($"models/{repository}", $"{place}/{Path.GetFileName(file)}", File.ReadAllBytes(file));
    }

    private protected ProcessStartInfo Describe(IEnumerable<string> arguments, bool isOffline)
    {
        ProcessStartInfo start = Tool.Describe(arguments);
        start.WorkingDirectory = Folder.Path;
        start.Environment["HF_ENDPOINT"] = Hub.Endpoint;
        start.Environment["HF_HUB_CACHE"] = Cache;
        start.Environment["HF_HUB_OFFLINE"] = isOffline ? "1" : "0";
        return start;
    }

    protected override void DisposeMore() => Hub.Dispose();
}
