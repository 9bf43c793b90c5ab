using Mxd.Activations;
using Mxd.LanguageModels;
using Mxd.Runtime;
using Mxd.Tests.Runtime;
using Mxd.Training;

namespace Mxd.Tests.Training;

/// <summary>What the state of a harvest that was stopped says is not trusted: its names become paths that are read.</summary>
public sealed class HarvestProgressTests : IDisposable
{
    private static readonly HarvestProgress good = new(
        new HarvestOptions { Model = "tiny", Layer = ["1"], Text = ["text"], Tokens = 55 },
        new HarvestFacts(
            new ModelIdentity("tiny", "llama", 3, 4, 8, 37, 64, "tokenizer", "weights"), "float32", "float32", [1], ["blocks.1.hook_mlp_out"],
            new HarvestedText(["text"], "text", false, 0, "fingerprint", 7, [], 0.05, 4), new HarvestedPacking(5, 0, 0), 0, 3, 11, 4),
        [File("a", 6), File("b", 5)],
        File("held-out", 4));

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Find_ReadsWhatWasSaved_AndNothingWhereThereIsNone()
    {
        Assert.Null(HarvestProgress.Find(folder.Path));
        (good with { Shards = [File("a", 3), File("b", 3)], HeldOut = null }).Save(folder.Path);
        Assert.Equal(["a", "b"], HarvestProgress.Find(folder.Path)!.Shards.Select(s => s.File));
        good.Save(folder.Path);
        Assert.Equal(good.HeldOut, HarvestProgress.Find(folder.Path)!.HeldOut);
    }

    [Fact]
    public void Find_RefusesInOneLine_WhatCannotBe()
    {
        StoredFile first = good.Shards[0], last = good.Shards[1];
        (HarvestProgress Bad, string Says)[] cases =
        [
            (good with { Shards = [first with { File = "../x" }, last] }, "'../x' is not the name of a file in its folder"),
            (good with { HeldOut = File("/etc/passwd", 4) }, "'/etc/passwd' is not the name of a file in its folder"),
            (good with { Shards = [first, last with { File = "a" }] }, "a file stands there twice"),
            (good with { Shards = [first with { Bytes = 10 }, last] }, "which they do not fit in"),
            (good with { Shards = [first, File("b", 6)] }, "its shards have 12 contexts, more than 11"),
            (good with { Shards = [first, File("b", 2)] }, "b has 2 contexts, and the first shard 6"),
            (good with { HeldOut = File("held-out", 3) }, "held-out has 3 contexts and not 4"),
            (good with { Harvest = good.Harvest with { Dtype = "int8" } }, "its dtype is 'int8'"),
            (good with { Harvest = good.Harvest with { Points = ["nowhere"] } }, "'nowhere' is not known"),
            (good with { Harvest = good.Harvest with { Contexts = long.MaxValue } }, "too large to be counted"),
        ];
        foreach ((HarvestProgress bad, string says) in cases)
        {
            bad.Save(folder.Path);
            string message = Assert.Throws<MxdInputException>(() => HarvestProgress.Find(folder.Path)).Message;
            Assert.StartsWith($"{folder.File(HarvestProgress.FileName)} is damaged: ", message, StringComparison.Ordinal);
            Assert.Contains(says, message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', message);
        }
    }

    /// <summary>Of contexts of 5 tokens of 4 values of 4 bytes.</summary>
    private static StoredFile File(string name, long contexts) => new(name, contexts, contexts * 80 + 100, new string('a', 64));
}
