using System.Globalization;
using System.Text;
using Mxd.Layers;
using Mxd.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Layers;

/// <summary>Every published size, built on the meta device (shapes without memory), beside the shapes on record.</summary>
public class PresetShapeTests
{
    private static string Record => Path.Combine(TestFiles.Root, "tests", "Mxd.Tests", "Layers", "PresetShapes.txt");

    [Fact]
    public void EveryPreset_HasTheShapesOnRecord()
    {
        string shapes = Shapes();
        // To renew the record after a change that is meant: MXD_RENEW=1 dotnet test --filter PresetShapeTests
        if (Environment.GetEnvironmentVariable("MXD_RENEW") == "1") File.WriteAllText(Record, shapes);
        Assert.Equal(File.ReadAllText(Record).ReplaceLineEndings("\n"), shapes);
    }

    [Fact]
    public void TheLargest_TakesNoMemory()
    {
        long before = ProcessMemory.Current;
        using (ILayer layer = Build(PublishedPreset.Get("llama-3.2-3b"), "mxd", 32))
            Assert.Equal(603_988_977, layer.ParameterCount());
        Assert.InRange(ProcessMemory.Current - before, long.MinValue, 300L << 20);
    }

    private static string Shapes()
    {
        var text = new StringBuilder();
        foreach (PublishedPreset preset in PublishedPreset.All.DistinctBy(p => p.Model))
            foreach (long multiplier in preset.Multipliers)
                foreach (string type in RandomLayers.Names)
                {
                    using DisposeScope scope = NewDisposeScope();
                    using ILayer layer = Build(preset, type, multiplier);
                    text.Append(CultureInfo.InvariantCulture, $"{preset.Name} x{multiplier} {type}: {layer.ParameterCount()} parameters\n");
                    foreach (Parameter parameter in layer.Parameters)
                        text.Append(CultureInfo.InvariantCulture, $"  {parameter.Key} [{string.Join(", ", parameter.AsStored().shape)}]\n");
                }
        return text.ToString();
    }

    /// <summary>The published size where there is one, otherwise the matched one.</summary>
    private static ILayer Build(PublishedPreset preset, string type, long multiplier)
    {
        LayerType kind = LayerTypes.Get(type);
        PublishedSize? size = preset.Size(type, multiplier);
        var options = new LayerOptions
        {
            Type = type,
            InputWidth = preset.InputWidth,
            OutputWidth = preset.InputWidth,
            Units = size?.Units ?? (kind.HasUnits ? 1 : 0),
            Hidden = size?.Hidden ?? (kind.HasHidden ? preset.Mixtures.Hidden : null),
            Sparsity = kind.HasUnits ? new Sparsity.TopK(32) : null,
            Activation = kind.DefaultActivation,
        };
        return kind.Initialise(size is null ? ParameterBudget.Match(options, multiplier) : options, 0, new Device(DeviceType.META));
    }
}
