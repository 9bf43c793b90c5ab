using Mxd.Hub;

namespace Mxd.Tests.Hub;

/// <summary>A hub that means harm, or is none.</summary>
public sealed class HubHostileTests : IDisposable
{
    private readonly HubScene scene = new();

    public void Dispose() => scene.Dispose();

    [Theory]
    [InlineData("../x")]
    [InlineData("a/../../x")]
    [InlineData("/etc/x")]
    [InlineData("a//x")]
    [InlineData("./x")]
    [InlineData("a\\x")]
    [InlineData("C:x")]
    [InlineData("a\nb")]
    [InlineData("")]
    public void NamesThatLeadOutOfTheFolder_AreNotListed_NorFetched(string path)
    {
        scene.Hub.Add(HubScene.Repository, path, "harm");
        HubSnapshot snapshot = scene.Open();
        Assert.Equal(["config.json", "deep/er/large.bin"], snapshot.Files);
        using var client = new HubClient(scene.Options);
        Assert.Contains("leads out of the repository", scene.Refused(() => client.Fetch(snapshot, path)), StringComparison.Ordinal);
        Assert.Single(scene.Hub.Requests);
    }

    [Theory]
    [InlineData("\"../../x\"")]
    [InlineData("\"..\"")]
    [InlineData("\"a/b\"")]
    [InlineData("\"a:b\"")]
    [InlineData("\"\"")]
    [InlineData(null)]
    public void ETagThatIsNoName_IsRefused(string? etag)
    {
        scene.Hub.FactFaults.Enqueue(HubFaults.Facts(etag, scene.Small.Length));
        Assert.Equal(
            "Model owner/name: the hub gives no usable checksum (ETag) for 'config.json': check HF_ENDPOINT.",
            scene.Refused(() => scene.Fetch("config.json")));
    }

    [Fact]
    public void ETagTooLongForAName_IsRefused()
    {
        scene.Hub.FactFaults.Enqueue(HubFaults.Facts($"\"{new string('a', 250)}\"", scene.Small.Length));
        Assert.Contains("no usable checksum", scene.Refused(() => scene.Fetch("config.json")), StringComparison.Ordinal);
    }

    /// <summary>It tells nothing of the content, so what was left in part is not gone on with.</summary>
    [Fact]
    public void ETagThatIsNoChecksum_IsANameOnly()
    {
        HubScene.Write(Path.Combine(scene.Folder, "blobs", "plain-tag.incomplete"), new byte[3]);
        scene.Hub.FactFaults.Enqueue(HubFaults.Facts("\"plain-tag\"", scene.Small.Length));
        Assert.Equal(scene.Small, scene.Fetch("config.json"));
        Assert.True(File.Exists(Path.Combine(scene.Folder, "blobs", "plain-tag")));
        Assert.Empty(scene.Hub.Ranges);
    }

    [Theory]
    [InlineData("""{"sha":"../../x","siblings":[]}""", "the hub names the commit '../../x', which is none")]
    [InlineData("""{"sha":"","siblings":[]}""", "the hub names the commit '', which is none")]
    [InlineData("""{"sha":null,"siblings":[]}""", "the hub names the commit '', which is none")]
    [InlineData("""{"sha":1,"siblings":[]}""", "the hub's answer is not a list of files")]
    [InlineData("""{"sha":"abc"}""", "the hub's answer is not a list of files")]
    [InlineData("""{"sha":"abc","siblings":{}}""", "the hub's answer is not a list of files")]
    [InlineData("""{"sha":"abc","siblings":[1]}""", "the hub's answer is not a list of files")]
    [InlineData("""{"sha":"abc","siblings":[{"name":"x"}]}""", "the hub's answer is not a list of files")]
    [InlineData("[]", "the hub's answer is not a list of files")]
    [InlineData("<html>log in to this network</html>", "the hub's answer is not a list of files")]
    [InlineData("", "the hub's answer is not a list of files")]
    public void ListingThatIsNone_IsRefused(string listing, string expected)
    {
        scene.Hub.ListingFaults.Enqueue(HubFaults.Send(listing));
        string message = scene.Refused(() => scene.Open());
        Assert.StartsWith($"Model owner/name: {expected}", message, StringComparison.Ordinal);
        Assert.EndsWith("check HF_ENDPOINT.", message, StringComparison.Ordinal);
    }

    [Fact]
    public void NamelessFiles_ArePassedOver()
    {
        scene.Hub.ListingFaults.Enqueue(HubFaults.Send("""{"sha":"abc","siblings":[{"rfilename":null},{"rfilename":"a.txt"}]}"""));
        Assert.Equal(["a.txt"], scene.Open().Files);
    }

    /// <summary>With a length, or in chunks that never end.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ListingTooLong_IsNotRead(bool isEndless)
    {
        scene.Options = scene.NewOptions(longestListing: 10_000);
        scene.Hub.ListingFaults.Enqueue(isEndless ? HubFaults.SendForever("{\"rfilename\":\"x\"},") : HubFaults.Send(new byte[20_000]));
        Assert.Contains("more than 10000 bytes", scene.Refused(() => scene.Open()), StringComparison.Ordinal);
    }

    [Fact]
    public void ListingThatBreaksOff_IsAskedForAgain()
    {
        scene.Hub.ListingFaults.Enqueue(HubFaults.BreakOff(new byte[5000], 1000));
        Assert.Equal(2, scene.Open().Files.Count);
        Assert.StartsWith("127.0.0.1 does not answer (", Assert.Single(scene.Downloads.Notes), StringComparison.Ordinal);
    }
}
