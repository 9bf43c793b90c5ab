using System.Diagnostics;
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
    public void Step_SaysWhatShareOfTheMachinesPeakItReaches()
    {
        JsonElement result = Tool.Run([.. small, "--json"]).Json();
        double peak = Number("product_gigaflops_per_second");

        Assert.Equal(Number("gigaflops_per_second") / peak, Number("share_of_peak"), 1e-9);
        Assert.Equal(Number("dense_gigaflops_per_second") / peak, Number("dense_share_of_peak"), 1e-9);
        // Width 24, H 96, 64 experts, K 4: two hidden products of 4 and 6 p q, the gate's forward whole, all else K rows.
        Assert.Equal(Number("tokens_per_second") * (10 * 96 * 24 + 2 * 64 * 24 + 2 * 4 * 24 + 6 * 4 * 24) / 1e9, Number("gigaflops_per_second"), 1e-9);

        double Number(string name) => result.GetProperty(name).GetDouble();
    }

    [Fact]
    public void Step_ForPeople_GivesTheRatio_AndTheShareOfThePeak()
    {
        string output = Tool.Run(small).Succeeded().Output;

        Assert.Matches(@"(?m)^ratio +\d+\.\d\d$", output);
        Assert.Matches(@"(?m)^share of peak +\d+\.\d\d \(\d+ GFLOP/s\); dense torch \d+\.\d\d", output);
    }

    [Theory]
    [InlineData("fast", false)]
    [InlineData("slow", true)]
    public void Step_InMixedPrecision_SaysWhereItIsFloat32(string bfloat16, bool isFull)
    {
        ProcessStartInfo start = Tool.Describe([.. small, "--precision", "mixed"]);
        start.Environment["MXD_BFLOAT16"] = bfloat16;
        ToolResult result = new RunningTool(start).WaitForExit().Succeeded();

        Assert.Equal(isFull, (result.Output + result.Error).Contains("--precision mixed trains in float32 here: this processor has no instructions for bfloat16", StringComparison.Ordinal));
    }

    [Fact]
    public void Step_RefusesWhatCannotBeMeasured_AllAtOnce()
    {
        Tool.Run("bench", "step", "--batch", "0", "--precision", "half", "--type", "dense").Refused("--batch is 0", "--precision is 'half'", "--type is dense");
        Tool.Run("bench", "step", "--k", "100", "--experts", "64").Refused("K is 100|64 units");
        Tool.Run("bench", "step", "--rounds", "0").Refused("--rounds is 0");
    }
}
