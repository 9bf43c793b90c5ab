using System.Text.Json;
using Mxd.Cli.Tests.Fixtures;

namespace Mxd.Cli.Tests;

public sealed class ModelsTests
{
    [Fact]
    public void Models_ListsFamiliesModelsAndPresets()
    {
        JsonElement lists = Tool.Run("models", "--json").Json();

        Assert.Equal(["gpt2", "gpt_neox", "llama"], lists.GetProperty("families").EnumerateArray().Select(f => f.GetProperty("name").GetString()));
        JsonElement gpt2 = lists.GetProperty("models").EnumerateArray().Single(m => m.GetProperty("id").GetString() == "gpt2");
        Assert.Equal(4 * 124_439_808L, gpt2.GetProperty("float32_bytes").GetInt64());
        Assert.Equal(2 * 124_439_808L, gpt2.GetProperty("bfloat16_bytes").GetInt64());
        string[] presets = [.. lists.GetProperty("presets").EnumerateArray().Select(p => p.GetProperty("name").GetString()!).Distinct()];
        Assert.Equal(["gpt2-124m", "pythia-410m", "pythia-1.4b", "llama-3.2-3b", "llama-3.2-3b-glu"], presets);
    }

    [Fact]
    public void Models_ForPeople_HasALineForEach()
    {
        string output = Tool.Run("models").Succeeded().Output;

        Assert.Matches(@"(?m)^meta-llama/Llama-3.2-3B \* +28 +3072 +3,212,749,824 ", output);
        Assert.Matches(@"(?m)^demo +\d+ +\d+ +[\d,]+ ", output);
        Assert.Matches(@"(?m)^gpt2-124m +gpt2 +8 +mxd +32 +21,490 +3,072$", output);
    }

    [Fact]
    public void APreset_BringsModelAndText_SoThatOnlyTheFolderIsMissing()
    {
        string folder = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

        Tool.Run("train", "--preset", "gpt2-124m", "--out", folder).Refused("Data set Skylion007/openwebtext is not in the cache");

        Assert.False(Directory.Exists(folder));
    }
}
