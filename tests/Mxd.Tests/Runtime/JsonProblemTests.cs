using System.Text.Json.Nodes;
using Mxd.Evaluation.Probing;
using Mxd.Layers;
using Mxd.Runtime;

namespace Mxd.Tests.Runtime;

/// <summary>What is wrong with a file is said in words of the file.</summary>
public class JsonProblemTests
{
    [Theory]
    [InlineData("", "it is empty")]
    [InlineData("samples", "it is no JSON from line 1, byte 1 on")]
    [InlineData("{\"texts\": 3,\n\"labels\": [", "it is no JSON from line 2, byte 12 on")]
    [InlineData("[]", "'the whole' is a list, where an object is expected")]
    [InlineData("{\"protocol\": {}, \"data_hash\": \"x\", \"model\": \"m\", \"texts\": \"many\", \"train_texts\": 8, \"labels\": [], \"runs\": []}", "'texts' is \"many\", where a whole number of at most 2147483647 is expected")]
    [InlineData("{\"protocol\": {}, \"data_hash\": \"x\", \"model\": \"m\", \"texts\": 99999999999, \"train_texts\": 8, \"labels\": [], \"runs\": []}", "'texts' is 99999999999, where a whole number of at most 2147483647 is expected")]
    [InlineData("{\"protocol\": {\"train\": []}, \"data_hash\": \"x\"}", "'protocol.train' is a list, where a number is expected")]
    [InlineData("{\"protocol\": {\"keep_end\": 1}, \"data_hash\": \"x\"}", "'protocol.keep_end' is 1, where true or false is expected")]
    [InlineData("{\"protocol\": {\"sizes\": 3}, \"data_hash\": \"x\"}", "'protocol.sizes' is 3, where a list is expected")]
    [InlineData("{\"labels\": [{\"label\": \"x\", \"texts\": 1}, {\"label\": 7, \"texts\": 2}]}", "'labels[1].label' is 7, where a text in quotes is expected")]
    [InlineData("{\"data_hash\": null}", "'data_hash' is null, where a value is expected")]
    [InlineData("{\"data_hash\": \"x\", \"data_hash\": \"y\"}", "it has the field 'data_hash' twice")]
    [InlineData("{\"more\": 3}", "the field 'more' is none that belongs there")]
    [InlineData("{\"protocol\": {\"more\": 3}}", "the field 'more' of 'protocol' is none that belongs there")]
    [InlineData("{\"protocol\": {}, \"data_hash\": \"x\"}", "it lacks 'model', 'texts', 'train_texts', 'labels', 'runs'")]
    [InlineData("{\"labels\": [{\"label\": \"x\"}]}", "it lacks 'texts' of 'labels[0]'")]
    public void AFile_IsRefused_InItsOwnWords(string json, string problem) =>
        Assert.Equal($"a.json cannot be read: {problem}.", Assert.Throws<MxdInputException>(() => Json.Read<ProbeReport>(json, "a.json")).Message);

    [Fact]
    public void AnUnknownKind_IsNamedByItsPlace()
    {
        string message = Assert.Throws<MxdInputException>(() => Json.Read<Sparsity>("{\"kind\": \"none\"}", "a.json")).Message;
        Assert.Contains("is of the kind 'none', which is none that is known", message, StringComparison.Ordinal);
        Assert.DoesNotContain("Mxd.", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void ANameThatIsNone_IsShownWithThoseThereAre()
    {
        string message = Assert.Throws<MxdInputException>(() => Json.Read<LayerOptions>("{\"initialisation\": \"random\"}", "a.json")).Message;
        Assert.Equal("a.json cannot be read: 'initialisation' is \"random\", where one of \"reference\", \"kaiming\", \"transpose\" is expected.", message);
    }

    [Fact]
    public void AnotherThingThanAnObject_IsNamed() =>
        Assert.Equal("a.json cannot be read: 'the whole' is 3, where an object is expected.", Assert.Throws<MxdInputException>(() => Json.Read<JsonObject>("3", "a.json")).Message);
}
