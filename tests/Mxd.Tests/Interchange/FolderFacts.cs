using System.Text.Json;
using Mxd.Formats;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Interchange;

/// <summary>Comparison of two folders of another project, file by file.</summary>
internal static class FolderFacts
{
    /// <summary>The same configuration, fields in the same order, and the same weights bit for bit; nothing else was written.</summary>
    public static void AssertSame(string expected, string actual)
    {
        string weights = Directory.GetFiles(expected, "sae*.safetensors").Select(Path.GetFileName).Single()!;
        Assert.Equal(["cfg.json", weights], Directory.GetFiles(actual).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        JsonElement before = Config(expected), after = Config(actual);
        Assert.True(JsonElement.DeepEquals(before, after), after.GetRawText());
        Assert.Equal(before.EnumerateObject().Select(p => p.Name), after.EnumerateObject().Select(p => p.Name));
        AssertSameTensors(Path.Combine(expected, weights), Path.Combine(actual, weights));
    }

    public static JsonElement Config(string folder) => JsonElement.Parse(File.ReadAllText(Path.Combine(folder, "cfg.json")));

    private static void AssertSameTensors(string expected, string actual)
    {
        using DisposeScope scope = NewDisposeScope();
        using SafetensorsFile before = SafetensorsFile.Open(expected), after = SafetensorsFile.Open(actual);
        Assert.Equal(before.Names.Order(StringComparer.Ordinal), after.Names.Order(StringComparer.Ordinal));
        Assert.Equal(before.Metadata, after.Metadata);
        foreach (string name in before.Names)
        {
            Assert.Equal(before.Describe(name).ToString(), after.Describe(name).ToString());
            Assert.True(before.Read(name).bytes.SequenceEqual(after.Read(name).bytes), $"{name} has other values.");
        }
    }
}
