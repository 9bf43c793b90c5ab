using System.Text.Json;
using Mxd.Cli.Tests.Fixtures;

namespace Mxd.Cli.Tests;

public sealed class BenchTests
{
    private static readonly string[] small = ["bench", "step", "--width", "24", "--experts", "64", "--k", "4", "--batch", "64", "--steps", "1", "--rounds", "1"];

    [Theory]
    [InlineData("mxd")]
    [InlineData("glu-mxd")]
    [InlineData("transcoder")]
    public void Step_PrintsOneJsonDocument_WithTheContractsFields(string type)
    {
        JsonElement result = Tool.Run([.. small, "--type", type, "--json"]).Json();

        foreach (string name in new[] { "tokens_per_second", "dense_tokens_per_second", "peak_memory_bytes", "dense_peak_memory_bytes" })
            Assert.True(result.GetProperty(name).GetDouble() > 0, name);
    }

    [Fact]
    public void Step_ForPeople_GivesTheRatio() => Assert.Matches(@"(?m)^ratio +\d+\.\d\d$", Tool.Run(small).Succeeded().Output);

    [Fact]
    public void Step_RefusesWhatCannotBeMeasured_AllAtOnce()
    {
        Tool.Run("bench", "step", "--batch", "0", "--precision", "half", "--type", "dense").Refused("--batch is 0", "--precision is 'half'", "--type is dense");
        Tool.Run("bench", "step", "--k", "100", "--experts", "64").Refused("K is 100|64 units");
        Tool.Run("bench", "step", "--rounds", "0").Refused("--rounds is 0");
    }
}
