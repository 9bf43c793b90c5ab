using Mxd.Activations;
using Mxd.LanguageModels;
using Mxd.Runtime;
using Mxd.Tests.Runtime;
using static TorchSharp.torch;

namespace Mxd.Tests.Activations;

public sealed class ActivationStoreTests : IDisposable
{
    private const int Context = 5, HarvestBatch = 3;

    private static readonly HookPoint[] points = [HookPoint.MlpInput(1), HookPoint.MlpOutput(1)];

    private readonly TemporaryFolder folder = new();
    private readonly CountingModel model = new(Context);

    public void Dispose()
    {
        model.Dispose();
        folder.Dispose();
    }

    [Theory]
    [InlineData("float32")]
    [InlineData("bfloat16")]
    public void Harvest_GivesTheModelsRows_ThatManyContextsAtOnceAsAreAskedFor(string dtype)
    {
        ActivationStore store = Write(dtype);
        using StoredActivations stored = store.Read(points.Reverse());
        var computed = new ActivationSource(new Harvester(model, points), model.Contexts(7), new ContextOrder(7, 4));
        Assert.Equal((4L, Dtypes.Parse(dtype), Context), (stored.Width, stored.Dtype, stored.ContextLength));
        var random = new Random(1);
        for (int round = 0; round < 40; round++)
        {
            int count = random.Next(1, 9), first = random.Next(0, 12 - count);
            using ActivationRows read = stored.Harvest(first, count), expected = computed.Harvest(first, count);
            // The model's last two values say how it was batched; the store's batches are the harvest's.
            foreach (HookPoint point in points) Assert.Equal(Values(expected[point], dtype), Values(read[point], "float32"));
        }
        Assert.True(stored.Tokens > 0);
    }

    [Fact]
    public void Harvest_OfMoreThanThereIs_IsRefused()
    {
        using StoredActivations stored = Write().Read(points);
        Assert.Throws<ArgumentOutOfRangeException>(() => stored.Harvest(10, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => stored.Harvest(-1, 1));
    }

    [Fact]
    public void ReadHeldOut_GivesTheFirstContexts()
    {
        ActivationStore store = Write();
        using ActivationRows rows = store.ReadHeldOut([points[1]], 2);
        Assert.Equal([points[1]], rows.Points);
        Assert.Equal(Enumerable.Range(0, 10).Select(row => 1000f + row / Context), rows.Values[0].data<float>().ToArray().Chunk(4).Select(row => row[0]));
    }

    [Fact]
    public void Reading_LeavesNothingAlive()
    {
        ActivationStore store = Write();
        using StoredActivations stored = store.Read(points);
        Assert.Equal(2, LiveTensors.LeftBy(() => stored.Harvest(2, 5)));
        Assert.Equal(2, LiveTensors.LeftBy(() => store.ReadHeldOut(points, 2)));
    }

    [Fact]
    public void ASecondReader_ReadsTheSameFilesAtOnce()
    {
        ActivationStore store = Write();
        using StoredActivations first = store.Read(points), second = ActivationStore.Open(folder.Path).Read(points);
        using ActivationRows a = first.Harvest(0, 11), b = second.Harvest(0, 11);
        Assert.Equal(Values(a.Values[0], "float32"), Values(b.Values[0], "float32"));
    }

    [Fact]
    public void Read_RefusesAPointThatWasNotHarvested_AndNamesThoseThatWere()
    {
        ActivationStore store = Write();
        string message = Assert.Throws<MxdInputException>(() => store.Read([HookPoint.MlpInput(2)])).Message;
        Assert.Contains("no activations of hook point blocks.2.ln2.hook_normalized; there are blocks.1.ln2.hook_normalized, blocks.1.hook_mlp_out", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Fingerprint_KnowsTheActivations_AndNotWhereTheyLie()
    {
        ActivationStore store = Write();
        StoreManifest moved = store.Manifest with
        {
            Version = "9.9.9",
            Harvest = store.Harvest with { Model = store.Harvest.Model with { Id = "elsewhere" }, Text = store.Harvest.Text with { Files = ["moved"] } },
        };
        Assert.Equal(store.Fingerprint, moved.Fingerprint());
        Assert.NotEqual(store.Fingerprint, (moved with { HeldOut = moved.HeldOut with { Sha256 = new string('0', 64) } }).Fingerprint());
        Assert.NotEqual(store.Fingerprint, (moved with { Harvest = moved.Harvest with { Seed = 5 } }).Fingerprint());
    }

    [Fact]
    public void AFileThatIsMissing_OrCutShort_IsNamedOnOpening_AllOfThemAtOnce()
    {
        Write();
        File.Delete(folder.File("shard-0.safetensors"));
        using (FileStream stream = File.OpenWrite(folder.File("shard-1.safetensors"))) stream.SetLength(stream.Length - 1);
        string[] lines = Refused().Split('\n');
        Assert.Equal(2, lines.Length);
        Assert.StartsWith($"{folder.File("shard-0.safetensors")} does not exist, but harvest.json names it", lines[0], StringComparison.Ordinal);
        Assert.StartsWith($"{folder.File("shard-1.safetensors")} has ", lines[1], StringComparison.Ordinal);
        Assert.Contains("it is damaged; put it back, or harvest again", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public void AFileThatWasAltered_IsNamed_WhenItsFirstRowIsRead()
    {
        Write();
        Flip("shard-1.safetensors");
        ActivationStore store = ActivationStore.Open(folder.Path);
        using StoredActivations stored = store.Read(points);
        stored.Harvest(0, 6).Dispose();
        string message = Assert.Throws<MxdInputException>(() => stored.Harvest(4, 6)).Message;
        Assert.Contains($"{folder.File("shard-1.safetensors")} has the SHA-256 ", message, StringComparison.Ordinal);
        Assert.Contains($"and not the {store.Manifest.Shards[1].Sha256} of harvest.json", message, StringComparison.Ordinal);
        Flip(TestStore.HeldOutFile);
        Assert.Throws<MxdInputException>(() => ActivationStore.Open(folder.Path).ReadHeldOut(points, 1));
    }

    [Fact]
    public void AnotherHarvestsFile_IsNamed()
    {
        StoreManifest manifest = Write().Manifest;
        // Of the same length, with its two points' names exchanged in the header for others.
        byte[] bytes = File.ReadAllBytes(folder.File("shard-0.safetensors"));
        string header = System.Text.Encoding.Latin1.GetString(bytes).Replace("blocks.1.hook_mlp_out", "blocks.2.hook_mlp_out", StringComparison.Ordinal);
        File.WriteAllBytes(folder.File("shard-0.safetensors"), System.Text.Encoding.Latin1.GetBytes(header));
        Assert.Contains(folder.File("shard-0.safetensors"), Refused(), StringComparison.Ordinal);
        Assert.Equal(2, manifest.Shards.Count);
    }

    [Fact]
    public void AManifest_ThatCannotBe_IsRefusedInOneLine_BeforeItsFilesAreOpened()
    {
        StoreManifest good = Write().Manifest;
        (StoreManifest Bad, string Says)[] cases =
        [
            (good with { Format = 2 }, "is of format 2, but this version of mxd reads format 1"),
            (good with { Harvest = good.Harvest with { Dtype = "int8" } }, "its dtype is 'int8'"),
            (good with { Harvest = good.Harvest with { Points = ["blocks.1.nowhere", "blocks.1.hook_mlp_out"] } }, "'blocks.1.nowhere' is not known"),
            (good with { Harvest = good.Harvest with { Points = ["blocks.3.hook_mlp_out"] } }, "is in none of the model's 3 layers"),
            (good with { Harvest = good.Harvest with { Contexts = 12 } }, "its shards have 11 contexts and not 12"),
            (good with { Harvest = good.Harvest with { HeldOutContexts = 9 } }, "has 4 contexts and not 9"),
            (good with { Harvest = good.Harvest with { Packing = good.Harvest.Packing with { Context = int.MaxValue } } }, "which they do not fit in"),
            (good with { Harvest = good.Harvest with { Model = good.Harvest.Model with { Width = -4 } } }, "a count in it is too small"),
            (good with { Shards = [good.Shards[0] with { Contexts = long.MaxValue }, good.Shards[1]] }, "too large to be counted"),
            (good with { Shards = [good.Shards[0] with { File = "../other.safetensors" }, good.Shards[1]] }, "is not the name of a file in its folder"),
            (good with { Shards = [good.Shards[1], good.Shards[1]] }, "a file stands there twice"),
            (good with { Shards = [good.Shards[0] with { Sha256 = "abc" }, good.Shards[1]] }, "has no SHA-256"),
            (good with { Shards = [good.Shards[0]] }, "its shards have 6 contexts and not 11"),
        ];
        foreach ((StoreManifest bad, string says) in cases)
        {
            TestStore.WriteManifest(folder.Path, bad);
            AssertRefused(says);
        }
    }

    [Theory]
    [InlineData("", "cannot be read")]
    [InlineData("[]", "cannot be read")]
    [InlineData("{\"format\": \"one\"}", "cannot be read")]
    [InlineData("{\"format\": 1, \"harvest\": 3}", "cannot be read")]
    [InlineData("{\"format\": 1, \"more\": 3}", "cannot be read")]
    [InlineData("{\"format\": 17, \"unheard\": 3}", "is of format 17")]
    public void AManifest_ThatIsNone_IsRefusedInOneLine(string json, string says)
    {
        Write();
        File.WriteAllText(folder.File(StoreManifest.FileName), json);
        AssertRefused(says);
    }

    /// <summary>Nobody else may open a file that is held so; where it cannot be read for another reason, the same is said.</summary>
    [Theory]
    [InlineData(StoreManifest.FileName)]
    [InlineData("shard-1.safetensors")]
    public void AFileThatCannotBeOpened_IsNamed(string file)
    {
        Write();
        using FileStream held = new(folder.File(file), FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Assert.StartsWith($"{folder.File(file)} cannot be opened: ", Refused(), StringComparison.Ordinal);
    }

    [Fact]
    public void AFolderWithoutAManifest_IsNoStore()
    {
        Assert.Contains("holds no activations (it has no harvest.json)", Refused(), StringComparison.Ordinal);
        Write();
        using (FileStream stream = File.OpenWrite(folder.File(StoreManifest.FileName))) stream.SetLength(100 << 20);
        AssertRefused("more than the 16777216 that it can have");
    }

    private void AssertRefused(string says)
    {
        string message = Refused();
        Assert.Contains(StoreManifest.FileName, message, StringComparison.Ordinal);
        Assert.Contains(says, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    private string Refused() => Assert.Throws<MxdInputException>(() => ActivationStore.Open(folder.Path)).Message;

    private ActivationStore Write(string dtype = "float32")
    {
        TestStore.Write(folder.Path, model, model.Contexts(7), model.Contexts(4), points, contexts: 11, HarvestBatch, shardContexts: 6, seed: 4, dtype);
        return ActivationStore.Open(folder.Path);
    }

    private void Flip(string file)
    {
        byte[] bytes = File.ReadAllBytes(folder.File(file));
        bytes[^3] ^= 1;
        File.WriteAllBytes(folder.File(file), bytes);
    }

    /// <summary>The context and the position of each row, rounded as a dtype rounds.</summary>
    private static float[] Values(Tensor rows, string dtype)
    {
        using var scope = NewDisposeScope();
        return rows.narrow(1, 0, 2).to(Dtypes.Parse(dtype)).to(ScalarType.Float32).contiguous().data<float>().ToArray();
    }
}
