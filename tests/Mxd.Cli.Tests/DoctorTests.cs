using System.Text.Json;
using Mxd.Cli.Tests.Fixtures;

namespace Mxd.Cli.Tests;

public sealed class DoctorTests
{
    [Fact]
    public void Doctor_SaysWhatItFound_AndItsVerdict()
    {
        string output = Tool.Run("doctor").Succeeded().Output;

        foreach (string label in new[] { "system", "processor", "memory", "libtorch", "threads", "devices" })
            Assert.Matches($@"(?m)^{label} +\S", output);
        Assert.Matches("(?m)^verdict +all is well$", output);
    }

    [Fact]
    public void Doctor_PrintsOneJsonDocument()
    {
        JsonElement result = Tool.Run("doctor", "--json").Json();

        Assert.True(result.GetProperty("machine").GetProperty("memory").GetProperty("total").GetInt64() > 100_000_000);
        Assert.Contains("cpu", result.GetProperty("machine").GetProperty("torch_devices").EnumerateArray().Select(d => d.GetString()));
        Assert.False(result.GetProperty("libtorch").TryGetProperty("error", out _));
    }
}
