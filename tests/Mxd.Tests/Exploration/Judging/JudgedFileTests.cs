using Mxd.Exploration.Judging;
using Mxd.Runtime;
using Mxd.Tests.Runtime;

namespace Mxd.Tests.Exploration.Judging;

public sealed class JudgedFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Samples_AreTextsOrObjectsWithThem()
    {
        JudgedFile file = Read("""{"run": "/r", "type": "mxd", "prompt": "So", "unsteered": ["x"], "units": [{"unit": 3, "samples": ["a", "b"]}, {"units": [1, 2], "layers": [8, 15], "samples": [{"text": "c"}]}, {"unit": 4, "samples": []}]}""");
        Assert.Equal(("/r", "mxd", "So"), (file.Run, file.Type, file.Prompt));
        Assert.Equal(["x"], file.Unsteered);
        Assert.Equal(["3", "1 2"], file.Sets.Select(set => string.Join(' ', set.Units)));
        Assert.Equal([null, "8 15"], file.Sets.Select(set => set.Layers is { } layers ? string.Join(' ', layers) : null));
        Assert.Equal(["a b", "c"], file.Sets.Select(set => string.Join(' ', set.Samples)));
    }

    [Theory]
    [InlineData("{}", "it has no 'units'")]
    [InlineData("""{"units": [3]}""", "entry 0 of 'units' is no object")]
    [InlineData("""{"units": [{"samples": ["a"]}]}""", "entry 0 of 'units' has no 'unit'")]
    [InlineData("""{"units": [{"unit": 1}]}""", "entry 0 of 'units' has no 'samples'")]
    [InlineData("""{"units": [{"unit": 1, "samples": [{"x": 1}]}]}""", "'samples' of entry 0 has a sample without a text")]
    [InlineData("""{"units": [{"unit": 1, "samples": []}]}""", "none of its 'units' has samples")]
    [InlineData("""{"units": [{"unit": 1, "layers": [8, 15], "samples": ["a"]}]}""", "entry 0 of 'units' has 1 units and 2 'layers'")]
    [InlineData("""{"units": [{"unit": "one", "samples": ["a"]}]}""", "")]
    [InlineData("""{"units": [{"unit": 1, "samples": [7]}]}""", "")]
    public void AnotherForm_IsRefusedInALine(string json, string what)
    {
        string message = Assert.Throws<MxdInputException>(() => Read(json)).Message;
        Assert.Contains($"is not what 'mxd steer --json' prints: {what}", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void WhatIsNoJson_OrNotThere_IsRefused()
    {
        Assert.Contains("cannot be read", Assert.Throws<MxdInputException>(() => Read("samples")).Message, StringComparison.Ordinal);
        Assert.Contains("does not exist", Assert.Throws<MxdInputException>(() => JudgedFile.Read(folder.File("none.json"))).Message, StringComparison.Ordinal);
    }

    private JudgedFile Read(string json)
    {
        File.WriteAllText(folder.File("steered.json"), json);
        return JudgedFile.Read(folder.File("steered.json"));
    }
}
