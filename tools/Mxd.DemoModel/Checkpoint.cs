using System.Globalization;
using Mxd.Formats;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.DemoModel;

/// <summary>Parameters and optimizer in a file, so that training can go on from it to the same bits.</summary>
internal static class Checkpoint
{
    private const string StepKey = "step";

    public static void Save(string path, Gpt2Network network, Optimizer optimizer, long step) => SafetensorsWriter.Write(
        path,
        network.Parameters.Select(p => (p.Key, p.Value.detach())).Concat(optimizer.State.Select(s => (s.Key, s.Value))),
        new Dictionary<string, string> { [StepKey] = step.ToString(CultureInfo.InvariantCulture) });

    /// <summary>The steps made; 0 where there is no file.</summary>
    public static long Restore(string path, Gpt2Network network, Optimizer optimizer)
    {
        if (!File.Exists(path)) return 0;
        using DisposeScope scope = NewDisposeScope();
        using IDisposable off = no_grad();
        using SafetensorsFile file = SafetensorsFile.Open(path);
        foreach ((string name, Tensor value) in network.Parameters.Concat(optimizer.State)) value.copy_(file.Read(name));
        return long.Parse(file.Metadata[StepKey], CultureInfo.InvariantCulture);
    }
}
