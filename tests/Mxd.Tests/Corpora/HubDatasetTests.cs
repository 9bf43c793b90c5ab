using Mxd.Corpora;
using Mxd.Tests.Hub;

namespace Mxd.Tests.Corpora;

/// <summary>Data sets of the hub: which files are read, at which commit, and when they are downloaded.</summary>
public sealed class HubDatasetTests : IDisposable
{
    private const string Converted = "refs/convert/parquet";

    private readonly HubScene scene = new();

    public void Dispose() => scene.Dispose();

    [Theory]
    [InlineData("owner/texts", true)]
    [InlineData("owner/texts@v2", true)]
    [InlineData("owner/texts:data/*.parquet", true)]
    [InlineData("owner/texts@refs/pr/1:**", true)]
    [InlineData("texts", false)]
    [InlineData("data/train.jsonl", false)]
    [InlineData("data/train.jsonl.gz", false)]
    [InlineData("data/*.txt", false)]
    [InlineData("./owner/texts", false)]
    [InlineData("/owner/texts", false)]
    public void Names(string name, bool isMeant) => Assert.Equal(isMeant, TextFiles.IsOnHub(name));

    [Theory]
    [InlineData("the training split", "data/test-0.parquet data/train-0.parquet data/train-1.parquet data/validation-0.parquet", "data/train-0.parquet data/train-1.parquet")]
    [InlineData("parquet before others", "a.jsonl a.csv data/a.parquet README.md", "data/a.parquet")]
    [InlineData("lines before tables and texts", "a.txt a.csv a.jsonl.zst", "a.jsonl.zst")]
    [InlineData("compressed files as others", "test.csv.gz train.csv.gz", "train.csv.gz")]
    [InlineData("a split within a name", "news_train.jsonl news_test.jsonl", "news_train.jsonl")]
    [InlineData("a split after a dash", "Tiny-valid.txt Tiny-train.txt", "Tiny-train.txt")]
    [InlineData("a split as a folder", "training/1.txt validation/1.txt", "training/1.txt")]
    [InlineData("no split in the middle of a word", "constraints.txt strain.txt", "constraints.txt strain.txt")]
    [InlineData("not what tells of the data", "dataset_infos.json requirements.txt a.txt", "a.txt")]
    public void Chosen(string rule, string files, string expected)
    {
        Add(files);
        Assert.True(Find("owner/texts").Select(Path.GetFileName).SequenceEqual(expected.Split(' ').Select(Path.GetFileName)), rule);
    }

    [Theory]
    [InlineData("de/*.txt", "de/1.txt de/2.txt")]
    [InlineData("**", "de/1.txt de/2.txt en/1.txt test.csv")]
    [InlineData("test.csv", "test.csv")]
    [InlineData("*/1.txt", "de/1.txt en/1.txt")]
    [InlineData("d?/?.txt", "de/1.txt de/2.txt")]
    public void Pattern_Chooses(string pattern, string expected)
    {
        Add("de/2.txt de/1.txt en/1.txt test.csv de/notes.md");
        Assert.Equal(expected.Split(' ').Select(file => $"owner/texts@{FakeHub.Commit}/{file}"), Find($"owner/texts:{pattern}"));
    }

    [Fact]
    public void PatternThatStandsForNothing_IsSaidSo()
    {
        Add("a.txt");
        string message = scene.Refused(() => Find("owner/texts:*.csv"));
        Assert.StartsWith("Data set owner/texts has no file that *.csv stands for and that is read here (.jsonl", message, StringComparison.Ordinal);
        Assert.EndsWith("choose others by owner/texts:PATTERN.", message, StringComparison.Ordinal);
    }

    [Fact]
    public void PatternThatLeadsOut_IsRefused()
    {
        Add("a.txt");
        Assert.Equal("The pattern data/*/../x has .. in it: write the folder it leads to.", scene.Refused(() => Find("owner/texts:data/*/../x")));
    }

    [Theory]
    [InlineData("de/train.parquet en/train.parquet en/test.parquet", "(de, en): choose by owner/texts:en/**, or take all by owner/texts:**.")]
    [InlineData("de/train.parquet train.parquet", "(de, files in no folder): choose by owner/texts:de/**, those in no folder by owner/texts:*, or take all by owner/texts:**.")]
    [InlineData("a.parquet train-parquet/1.parquet", null)]
    public void Parts_AreForTheUserToChoose(string files, string? said)
    {
        Add(files);
        if (said is null) Assert.Single(Find("owner/texts"));
        else Assert.Equal($"Data set owner/texts has 2 parts {said}", scene.Refused(() => Find("owner/texts")));
    }

    [Fact]
    public void OtherFormats_AreReadAsTheHubConvertedThem()
    {
        Add("script.py data.bin");
        Add("default/train/0000.parquet default/test/0000.parquet", Converted);
        Assert.Equal([$"owner/texts@{FakeHub.CommitOf(Converted)}/default/train/0000.parquet"], Find("owner/texts"));
        Assert.Equal($"owner/texts@{FakeHub.CommitOf(Converted)}", HubDataset.Pin("owner/texts", scene.Options, null, CancellationToken.None));
    }

    [Fact]
    public void OtherFormats_NotConverted_AreSaidSo()
    {
        Add("script.py data.bin");
        Assert.StartsWith("Data set owner/texts has no file that is read here (.jsonl", scene.Refused(() => Find("owner/texts")), StringComparison.Ordinal);
    }

    [Fact]
    public void NoSuchDataSet_IsSaidSo() => Assert.StartsWith("Data set owner/none is not on the hub", scene.Refused(() => Find("owner/none")), StringComparison.Ordinal);

    [Theory]
    [InlineData("owner/texts", "")]
    [InlineData("owner/texts:*.txt", ":*.txt")]
    [InlineData("owner/texts@v2", "")]
    public void Pin_GivesTheCommit(string name, string rest)
    {
        Add("a.txt");
        Add("a.txt", "v2");
        string commit = name.Contains('@', StringComparison.Ordinal) ? FakeHub.CommitOf("v2") : FakeHub.Commit;
        string pinned = HubDataset.Pin(name, scene.Options, null, CancellationToken.None);
        Assert.Equal($"owner/texts@{commit}{rest}", pinned);
        if (commit == FakeHub.Commit) Assert.Equal([$"owner/texts@{commit}/a.txt"], Find(pinned));
    }

    [Fact]
    public void Shards_AreDownloaded_WhenReadingReachesThem()
    {
        Add("1.txt 2.txt 3.txt");
        using IEnumerator<Document> documents = TextFiles.Read(Shards("owner/texts")).GetEnumerator();
        for (int shard = 1; shard <= 3; shard++)
        {
            Assert.Equal(shard - 1, scene.Hub.Downloads);
            Assert.True(documents.MoveNext());
            Assert.Equal($"text of {shard}.txt", documents.Current.Text);
        }
        Assert.False(documents.MoveNext());
        Assert.Equal(3, scene.Hub.Downloads);
    }

    /// <summary>A run that needs the same shards goes on offline; one that needs more is told which.</summary>
    [Fact]
    public void Offline_ShardsAreTheSame_AndTheFirstMissingIsNamed()
    {
        Add("1.txt 2.txt 3.txt");
        string[] online = Find("owner/texts");
        Assert.Equal(2, TextFiles.Read(Shards("owner/texts")).Take(2).Count());
        scene.Options = scene.NewOptions(isOffline: true);
        Assert.Equal(online, Find("owner/texts"));
        using IEnumerator<Document> documents = TextFiles.Read(Shards("owner/texts")).GetEnumerator();
        Assert.True(documents.MoveNext() && documents.MoveNext());
        Assert.StartsWith("Data set owner/texts, file '3.txt', is not in the cache", scene.Refused(() => documents.MoveNext()), StringComparison.Ordinal);
        Assert.Empty(scene.Downloads.Notes);
    }

    [Fact]
    public void OfflineWithPythonsCache_ItsFilesAreRead_AndSaidToBePerhapsNotAll()
    {
        Add("1.txt 2.txt 3.txt");
        Assert.Equal(2, TextFiles.Read(Shards("owner/texts")).Take(2).Count());
        Directory.Delete(Path.Combine(scene.Cache, "datasets--owner--texts", "listings"), recursive: true);
        scene.Options = scene.NewOptions(isOffline: true);
        Assert.Equal(["text of 1.txt", "text of 2.txt"], TextFiles.Read(Shards("owner/texts")).Select(d => d.Text));
        Assert.Equal("Data set owner/texts is read from the cache, which has 2 of its files that are meant, perhaps not all.", Assert.Single(scene.Downloads.Notes));
    }

    /// <summary>Of the main revision nothing was downloaded then.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Offline_ConvertedFilesAreFound(bool isPythons)
    {
        Add("script.py");
        Add("default/train/0.txt", Converted);
        Assert.Single(TextFiles.Read(Shards("owner/texts")));
        if (isPythons) Directory.Delete(Path.Combine(scene.Cache, "datasets--owner--texts", "listings"), recursive: true);
        scene.Options = scene.NewOptions(isOffline: true);
        Assert.Equal(["text of 0.txt"], TextFiles.Read(Shards("owner/texts")).Select(d => d.Text));
    }

    [Fact]
    public void OfflineWithAnEmptyCache_SaysWhatToDo()
    {
        scene.Options = scene.NewOptions(isOffline: true);
        string message = scene.Refused(() => Find("owner/texts"));
        Assert.StartsWith("Data set owner/texts is not in the cache", message, StringComparison.Ordinal);
        Assert.EndsWith("or name files that are here.", message, StringComparison.Ordinal);
    }

    private void Add(string files, string revision = "main")
    {
        foreach (string file in files.Split(' ')) scene.Hub.Add("datasets/owner/texts", file, $"text of {Path.GetFileName(file)}", revision);
    }

    private IReadOnlyList<TextShard> Shards(string name) => HubDataset.Find(name, scene.Options, scene.Downloads, CancellationToken.None);

    private string[] Find(string name) => [.. Shards(name).Select(shard => shard.Name)];
}
