using Mxd.Hub;

namespace Mxd.Tests.Hub;

/// <summary>What the hub refuses: each answer becomes a line that says what to do, without the token.</summary>
public sealed class HubFaultTests : IDisposable
{
    private readonly HubScene scene = new();

    public void Dispose() => scene.Dispose();

    [Theory]
    [InlineData(401, "GatedRepo", false, "Model owner/name is gated: ask for access on HUB/owner/name, and pass your token in HF_TOKEN.")]
    [InlineData(403, "GatedRepo", true, "Model owner/name is gated, and the token given has no access to it: ask for access on HUB/owner/name with its account, and let a fine-grained token read gated repositories.")]
    [InlineData(403, null, false, "Model owner/name is gated: ask for access on HUB/owner/name, and pass your token in HF_TOKEN.")]
    [InlineData(401, "RepoNotFound", false, "Model owner/name is not on the hub under that name, or is private: look for a typing error, name a folder that exists, or pass a token that may read it in HF_TOKEN.")]
    [InlineData(401, null, true, "Model owner/name is not on the hub under that name, or the token given is invalid or may not read it: look for a typing error, and renew HF_TOKEN.")]
    [InlineData(404, "RepoNotFound", false, "Model owner/name is not on the hub, and no folder or file of that name is here: look for a typing error in the id (owner/name).")]
    [InlineData(404, "RepoNotFound", true, "Model owner/name is not on the hub for the token given, and no folder or file of that name is here: look for a typing error in the id (owner/name).")]
    [InlineData(404, "RevisionNotFound", false, "Model owner/name has no revision 'main': name a branch, tag or commit of HUB/owner/name.")]
    [InlineData(418, null, false, "Model owner/name was answered with 418 by 127.0.0.1: try again later, or download it by other means and name a folder or .gguf file.")]
    public void RefusedListing_SaysWhatToDo(int status, string? code, bool hasToken, string expected)
    {
        scene.Options = scene.NewOptions(hasToken ? HubScene.Token : null);
        scene.Hub.ListingFaults.Enqueue(HubFaults.Status(status, code));
        Assert.Equal(expected.Replace("HUB", scene.Hub.Endpoint, StringComparison.Ordinal), scene.Refused(() => scene.Open()));
        Assert.Single(scene.Hub.Requests);
    }

    /// <summary>The list of a gated model's files is public; its files are not.</summary>
    [Theory]
    [InlineData(401, "GatedRepo", "Model owner/name is gated: ask for access on HUB/owner/name, and pass your token in HF_TOKEN.")]
    [InlineData(404, "EntryNotFound", "Model owner/name, file 'config.json', does not exist on the hub: see the files on HUB/owner/name.")]
    [InlineData(404, null, "Model owner/name, file 'config.json', does not exist on the hub: see the files on HUB/owner/name.")]
    public void RefusedFile_SaysWhatToDo(int status, string? code, string expected)
    {
        expected = expected.Replace("HUB", scene.Hub.Endpoint, StringComparison.Ordinal);
        scene.Hub.FactFaults.Enqueue(HubFaults.Status(status, code));
        Assert.Equal(expected, scene.Refused(() => scene.Fetch("config.json")));
        scene.Hub.ContentFaults.Enqueue(HubFaults.Status(status, code));
        Assert.Equal(expected, scene.Refused(() => scene.Fetch("config.json")));
    }

    [Theory]
    [InlineData("owner/nobody", null, "Model owner/nobody is not on the hub")]
    [InlineData("owner/name", "v9", "Model owner/name@v9 has no revision 'v9'")]
    public void WhatIsNotThere_IsSaidSo(string name, string? revision, string expected) =>
        Assert.StartsWith(expected, scene.Refused(() => scene.Open(new HubId(name, revision ?? HubId.DefaultRevision))), StringComparison.Ordinal);

    [Theory]
    [InlineData(429, "127.0.0.1 refuses more requests for now (429): wait some minutes, or pass a token in HF_TOKEN, which allows more.")]
    [InlineData(500, "127.0.0.1 fails with 500: try again later; what is downloaded already is kept.")]
    [InlineData(503, "127.0.0.1 fails with 503: try again later; what is downloaded already is kept.")]
    public void WhatMayPass_IsTriedFiveTimes(int status, string expected)
    {
        for (int i = 0; i < 5; i++) scene.Hub.ListingFaults.Enqueue(HubFaults.Status(status));
        Assert.Equal(expected, scene.Refused(() => scene.Open()));
        Assert.Equal(5, scene.Hub.Requests.Count);
        Assert.Equal(4, scene.Downloads.Notes.Count);
        Assert.StartsWith($"127.0.0.1 answers {status}; trying again in ", scene.Downloads.Notes.First(), StringComparison.Ordinal);
    }

    [Fact]
    public void WhatPasses_IsNoted_AndNoMore()
    {
        foreach (int status in new[] { 500, 503, 429 }) scene.Hub.ListingFaults.Enqueue(HubFaults.Status(status));
        scene.Hub.FactFaults.Enqueue(HubFaults.Status(502));
        scene.Hub.ContentFaults.Enqueue(HubFaults.Status(504));
        Assert.Equal(scene.Large, scene.Fetch("deep/er/large.bin"));
        Assert.Equal(5, scene.Downloads.Notes.Count);
    }

    /// <summary>Seconds, or a date, which may be over by the clock of this machine.</summary>
    [Theory]
    [InlineData("0", "trying again in 0 s")]
    [InlineData("Wed, 21 Oct 2015 07:28:00 GMT", "trying again in 0 s")]
    [InlineData("nonsense", "trying again in")]
    public void RetryAfter_IsWaitedFor(string after, string note)
    {
        scene.Hub.ListingFaults.Enqueue(HubFaults.Status(429, retryAfter: after));
        scene.Open();
        Assert.Contains(note, Assert.Single(scene.Downloads.Notes), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("120", "60 s")]
    [InlineData("7", "7 s")]
    public void WaitThatTheHubAsksFor_CanBeCancelled(string after, string wait)
    {
        using var stop = new CancellationTokenSource();
        scene.Hub.ListingFaults.Enqueue(HubFaults.Status(429, retryAfter: after));
        using var client = new HubClient(scene.Options);
        var progress = new StopAtNote(stop);
        Assert.Throws<OperationCanceledException>(() => client.Open(HubKind.Model, HubScene.Id, progress, stop.Token));
        Assert.Contains($"trying again in {wait}", progress.Line, StringComparison.Ordinal);
    }

    [Fact]
    public void Redirect_ToAnotherHost_DoesNotGetTheToken()
    {
        scene.Options = scene.NewOptions(HubScene.Token);
        using var other = new FakeHub();
        other.Add(HubScene.Repository, "config.json", scene.Small);
        scene.Hub.ListingFaults.Enqueue(HubFaults.Redirect($"{other.Endpoint}/api/models/owner/name/revision/main"));
        scene.Hub.ContentFaults.Enqueue(HubFaults.Redirect($"{other.Endpoint}/owner/name/resolve/{FakeHub.Commit}/config.json"));
        Assert.Equal(scene.Small, scene.Fetch("config.json"));
        Assert.Equal(2, other.Requests.Count);
        Assert.Empty(other.Authorizations);
    }

    [Fact]
    public void RedirectsWithoutEnd_AreLeft()
    {
        for (int i = 0; i < 20; i++) scene.Hub.ListingFaults.Enqueue(HubFaults.Redirect("/api/models/owner/name/revision/main", 307));
        Assert.Contains("(more than 10 redirects)", scene.Refused(() => scene.Open()), StringComparison.Ordinal);
        Assert.Equal(11, scene.Hub.Requests.Count);
    }

    [Theory]
    [InlineData("ftp://127.0.0.1/x", "(a redirect from http to ftp is not followed)")]
    [InlineData("file:///etc/passwd", "(a redirect from http to file is not followed)")]
    [InlineData("http://127.0.0.1:1/x", "127.0.0.1")]
    public void RedirectToNowhere_IsSaidSo(string location, string expected)
    {
        scene.Hub.ListingFaults.Enqueue(HubFaults.Redirect(location));
        Assert.Contains(expected, scene.Refused(() => scene.Open()), StringComparison.Ordinal);
    }

    [Fact]
    public void HubThatSaysNothing_IsLeftAfterFiveTimes()
    {
        scene.Options = scene.NewOptions(HubScene.Token, silenceSeconds: 0.3);
        using var end = new ManualResetEvent(false);
        for (int i = 0; i < 5; i++) scene.Hub.ListingFaults.Enqueue(context => end.WaitOne());
        Assert.Contains("(silent for 0.3 s): check the connection (or HF_ENDPOINT), or name a folder or .gguf file.", scene.Refused(() => scene.Open()), StringComparison.Ordinal);
        end.Set();
    }

    /// <summary>Stops at the first note.</summary>
    private sealed class StopAtNote(CancellationTokenSource stop) : IHubProgress
    {
        public string Line { get; private set; } = "";

        public void Begin(string what, long bytes)
        {
        }

        public void Advance(long bytes)
        {
        }

        public void Note(string line)
        {
            Line = line;
            stop.Cancel();
        }
    }
}
