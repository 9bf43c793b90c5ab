using System.Globalization;
using System.Text.Json;
using Mxd.Cli.Tests.Eval;
using Mxd.Cli.Tests.Fixtures;

namespace Mxd.Cli.Tests.Steer;

public sealed class SteerTests(TinyFiles files, TrainedRuns runs) : CliTests(files), IClassFixture<TrainedRuns>
{
    [Fact]
    public void Steer_PrintsOneJsonDocument_AnEntryAUnit()
    {
        JsonElement result = Steer("--units", "3,0-1", "--samples", "2", "--tokens", "6", "--json").Json();

        Assert.Equal(runs.Mixture, result.GetProperty("run").GetString());
        Assert.Equal("Let's talk about ", result.GetProperty("prompt").GetString());
        JsonElement[] units = [.. result.GetProperty("units").EnumerateArray()];
        Assert.Equal([3, 0, 1], units.Select(u => u.GetProperty("unit").GetInt32()));
        foreach (JsonElement unit in units)
        {
            Assert.Equal(100, unit.GetProperty("coefficient").GetDouble());
            Assert.InRange(unit.GetProperty("kl").GetDouble(), 1e-9, 100);
            AssertAreSamples(unit.GetProperty("samples"), 2);
        }
        AssertAreSamples(result.GetProperty("unsteered"), 2);
    }

    [Fact]
    public void Steer_SaysWhatGenerateSays()
    {
        string[] how = ["--temperature", "1", "--top-p", "0.8", "--seed", "5"];
        JsonElement steered = Steer(["--units", "2", "--coefficient", "20", "--samples", "1", "--tokens", "8", "--prompt", "the expert", "--frequency-penalty", "0", .. how, "--json"]).Json();
        JsonElement generated = Tool.Run(["generate", "--run", runs.Mixture, "--prompt", "the expert", "--steer", "2=20", "--max-tokens", "8", .. how, "--json"]).Json();
        JsonElement plain = Tool.Run(["generate", "--run", runs.Mixture, "--prompt", "the expert", "--max-tokens", "8", .. how, "--json"]).Json();
        Assert.Equal(generated.GetProperty("text").GetString(), First(steered.GetProperty("units")[0].GetProperty("samples")));
        Assert.Equal(plain.GetProperty("text").GetString(), First(steered.GetProperty("unsteered")));

        static string? First(JsonElement samples) => samples[0].GetProperty("text").GetString();
    }

    [Fact]
    public void Coefficients_MayBeSharesOfAUnitsOwnActivation()
    {
        JsonElement largest = Once("max").GetProperty("units"), high = Once("p99").GetProperty("units");
        Assert.Equal(3, largest.GetArrayLength());
        foreach ((JsonElement a, JsonElement b) in largest.EnumerateArray().Zip(high.EnumerateArray()))
        {
            Assert.Equal(a.GetProperty("unit").GetInt32(), b.GetProperty("unit").GetInt32());
            Assert.InRange(b.GetProperty("coefficient").GetDouble(), 1e-6, a.GetProperty("coefficient").GetDouble());
        }

        JsonElement Once(string scale) => Steer("--top", "3", "--scale", scale, "--coefficient", "2", "--contexts", "8", "--samples", "1", "--tokens", "2", "--json").Json();
    }

    [Fact]
    public void SeveralUnits_MayBeSteeredTogether_FromThePromptsEnd()
    {
        JsonElement entry = Assert.Single(Steer("--units", "0-2", "--together", "--positions", "new", "--samples", "1", "--tokens", "2", "--json").Json().GetProperty("units").EnumerateArray());
        Assert.Equal([0, 1, 2], entry.GetProperty("units").EnumerateArray().Select(u => u.GetInt32()));
        Assert.False(entry.TryGetProperty("unit", out _));
    }

    [Fact]
    public void UnitsOfAProbe_AreThoseOfItsClasses()
    {
        string data = Folder.Write("words.jsonl", string.Concat(Enumerable.Range(0, 60).Select(i => $"{{\"text\": \"{(i % 2 == 0 ? "gate opens gate opens gate opens" : "the token and the expert layer")}\", \"label\": \"{(i % 2 == 0 ? "gates" : "layers")}\"}}\n")));
        JsonElement probed = Tool.Run("probe", "--run", runs.Mixture, "--data", data, "--context", "16", "--untrained", "0", "--json").Json().GetProperty("runs")[0];
        JsonElement[] units = [.. Steer("--probe", Path.Combine(runs.Mixture, "probe", "words.json"), "--samples", "1", "--tokens", "2", "--json").Json().GetProperty("units").EnumerateArray()];
        Assert.Equal(
            probed.GetProperty("classes").EnumerateArray().Select(c => c.GetProperty("best_unit").GetInt32()).Distinct(),
            units.Select(u => u.GetProperty("unit").GetInt32()));
        Assert.Contains("best of 'gates'", units[0].GetProperty("why").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void APage_ShowsWhatWasSaid()
    {
        string page = Folder.File("steered.html");
        ToolResult result = Steer("--units", "0,2", "--samples", "2", "--tokens", "4", "--prompt", "<b>the", "--out", page).Succeeded();
        string html = File.ReadAllText(page);
        foreach (string shown in new[] { "Unit 0", "Unit 2", "&lt;b&gt;the", "Not steered" }) Assert.Contains(shown, html, StringComparison.Ordinal);
        Assert.DoesNotContain("<b>", html, StringComparison.Ordinal);
        foreach (string shown in new[] { "not steered:", "unit 0 + 100", "unit 2 + 100", page }) Assert.Contains(shown, result.Output, StringComparison.Ordinal);
        // It may be made again; another file is not written over.
        Steer("--units", "0", "--samples", "1", "--tokens", "1", "--out", page).Succeeded();
        Steer("--units", "0", "--out", Folder.Write("notes.html", "mine")).Refused("notes.html exists and is no steering page of mxd");
    }

    /// <summary>Units whose own largest activation makes the coefficient more than a float32 holds are named, and the others steered.</summary>
    [Fact]
    public void AUnitThatCannotBeSteered_DoesNotEndTheOthers()
    {
        JsonElement[] own = [.. Once("1")], beyond = [.. Once("3e38")];
        Assert.Equal(own.Length, beyond.Length);
        foreach ((JsonElement unit, JsonElement far) in own.Zip(beyond))
        {
            bool fits = float.IsFinite((float)(3e38 * unit.GetProperty("coefficient").GetDouble()));
            Assert.False(fits && far.TryGetProperty("failure", out JsonElement failure) && failure.GetString()!.Contains("float32", StringComparison.Ordinal));
            if (!fits) Assert.Contains("more than a float32 holds", far.GetProperty("failure").GetString(), StringComparison.Ordinal);
        }
        Assert.Contains(beyond, far => far.TryGetProperty("failure", out _));

        JsonElement.ArrayEnumerator Once(string coefficient) =>
            Steer("--top", "32", "--scale", "max", "--coefficient", coefficient, "--contexts", "8", "--samples", "1", "--tokens", "1", "--json").Json().GetProperty("units").EnumerateArray();
    }

    [Fact]
    public void ManyUnitsTogether_AreSteeredAtOnce()
    {
        JsonElement all = Steer("--units", "all", "--together", "--coefficient", "0.5", "--samples", "1", "--tokens", "3", "--json").Json().GetProperty("units")[0];
        Assert.Equal(32, all.GetProperty("units").GetArrayLength());
        Assert.InRange(all.GetProperty("kl").GetDouble(), 1e-9, 100);
    }

    [Fact]
    public void RunsAtSeveralLayers_AreInPlaceTogether()
    {
        string[] small = ["--samples", "1", "--tokens", "4", "--json"];
        JsonElement result = Steer("--units", "2:3,0,1:5", small).Json();
        // Named in another order than they stand.
        Assert.Equal(["1 mxd", "2 transcoder"], result.GetProperty("runs").EnumerateArray().Select(r => $"{r.GetProperty("layer").GetInt32()} {r.GetProperty("type").GetString()}"));
        Assert.Equal((runs.Mixture, "mxd + transcoder"), (result.GetProperty("run").GetString(), result.GetProperty("type").GetString()));
        JsonElement[] units = [.. result.GetProperty("units").EnumerateArray()];
        Assert.Equal(["2:3", "2:0", "1:5"], units.Select(u => $"{u.GetProperty("layer").GetInt32()}:{u.GetProperty("unit").GetInt32()}"));
        // With the other layer in place too, the same unit does something else.
        JsonElement alone = Tool.Run(["steer", "--run", runs.Mixture, "--units", "5", .. small]).Json().GetProperty("units")[0];
        Assert.NotEqual(alone.GetProperty("kl").GetDouble(), units[2].GetProperty("kl").GetDouble());
        Assert.False(alone.TryGetProperty("layer", out _) || alone.TryGetProperty("layers", out _));

        JsonElement both = Assert.Single(Steer("--units", "1:5,2:3", [.. small, "--together"]).Json().GetProperty("units").EnumerateArray());
        Assert.Equal(["1", "2"], both.GetProperty("layers").EnumerateArray().Select(l => l.GetRawText()));
        Assert.Equal(4, Steer("--top", "2", [.. small, "--scale", "max", "--contexts", "8"]).Json().GetProperty("units").GetArrayLength());
        ToolResult shown = Steer("--units", "1:5", ["--samples", "1", "--tokens", "4", "--out", Folder.File("both.html")]).Succeeded();
        foreach (string text in new[] { "layers 1 (mxd), 2 (transcoder) in place, not steered", "unit 1:5 + 100" }) Assert.Contains(text, shown.Output, StringComparison.Ordinal);
        Assert.Contains("Steering mixture, transcoder", File.ReadAllText(Folder.File("both.html")), StringComparison.Ordinal);
        Steer("--units", "5", []).Refused("--units names '5', but layers 1, 2 are in place|as in 1:5");
        Train.Run().Succeeded();
        Tool.Run("steer", "--run", runs.Mixture, Run, "--units", "1:0").Refused("are at layer 1|one at a time");

        ToolResult Steer(string option, string value, params string[] more) => Tool.Run(["steer", "--run", runs.Transcoder, runs.Mixture, option, value, .. more]);
    }

    [Fact]
    public void EverythingThatIsWrong_IsSaidAtOnce()
    {
        Steer("--units", "0", "--top", "2", "--samples", "0", "--scale", "mean", "--positions", "some", "--top-p", "2").Refused(
            "Units were named in more than one way|--units, --top and --probe", "--samples is 0|at least 1", "--scale is 'mean'|absolute, max or p99", "--positions is 'some'|all or new", "--top-p is 2");
        Steer().Refused("No units were named");
        Steer("--units", "0", "--text", Files.HeldOutText).Refused("--text is given, but|--top");
        Steer("--units", "0", "--skip-bad").Refused("--skip-bad is given, but no --text");
        Steer("--units", "1,x,100000").Refused("--units names 'x'", "--units names unit 100000");
        Steer("--top", "100000").Refused("--top is 100000, but the layer has");
        Steer("--probe", Folder.File("none.json")).Refused("none.json does not exist");
        Steer("--probe", Folder.Write("bad.json", "{}")).Refused("bad.json cannot be read");
        Steer("--units", "0", "--prompt", string.Concat(Enumerable.Repeat("expert ", 200))).Refused("--prompt has|positions of");
    }

    private static void AssertAreSamples(JsonElement samples, int count)
    {
        Assert.Equal(count, samples.GetArrayLength());
        foreach (JsonElement sample in samples.EnumerateArray())
        {
            Assert.NotNull(sample.GetProperty("text").GetString());
            Assert.True(sample.GetProperty("perplexity").ValueKind == JsonValueKind.Null || double.Parse(sample.GetProperty("perplexity").GetRawText(), CultureInfo.InvariantCulture) >= 1);
        }
    }

    private ToolResult Steer(params IEnumerable<string> arguments) => Tool.Run(["steer", "--run", runs.Mixture, .. arguments]);
}
