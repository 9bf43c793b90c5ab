using System.Security.Cryptography;
using Mxd.Corpora;

namespace Mxd.Tests.Corpora;

public sealed class CorpusFingerprintTests : IDisposable
{
    private readonly CorpusFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Compute_IsSha256OverLengthsAndBytes()
    {
        string first = folder.Write("a.txt", "abc"), second = folder.Write("b.txt", "de");
        byte[] hashed = [3, 0, 0, 0, 0, 0, 0, 0, .. "abc"u8, 2, 0, 0, 0, 0, 0, 0, 0, .. "de"u8];
        Assert.Equal(new CorpusFingerprint(Convert.ToHexStringLower(SHA256.HashData(hashed)), 5, 2), Compute(first, second));
    }

    [Fact]
    public void Compute_IgnoresNames_AndTellsOrderAndCutsApart()
    {
        string a = folder.Write("a.txt", "abc"), b = folder.Write("b.txt", "de"), copy = folder.Write("copy.txt", "abc");
        string c = folder.Write("c.txt", "ab"), d = folder.Write("d.txt", "cde");
        Assert.Equal(Compute(a, b), Compute(copy, b));
        Assert.Equal(3, new[] { Compute(a, b), Compute(b, a), Compute(c, d) }.Distinct().Count());
    }

    [Fact]
    public void Compute_ReadsLargeFilesPieceByPiece_AndReportsBytes()
    {
        var content = new byte[5_000_001];
        new Random(9).NextBytes(content);
        string path = folder.Write("a.txt", content);
        var reports = new Reports();
        CorpusFingerprint fingerprint = CorpusFingerprint.Compute([path], reports, TestContext.Current.CancellationToken);
        byte[] hashed = [.. BitConverter.GetBytes(content.LongLength), .. content];
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(hashed)), fingerprint.Hash);
        Assert.True(reports.Values.Count > 1);
        Assert.Equal(reports.Values.Order(), reports.Values);
        Assert.Equal(content.Length, reports.Values[^1]);
    }

    [Fact]
    public void Compute_StopsWhenCancelled()
    {
        string path = folder.Write("a.txt", "abc");
        Assert.Throws<OperationCanceledException>(() => CorpusFingerprint.Compute([path], cancellation: new CancellationToken(canceled: true)));
    }

    [Fact]
    public void Compute_RefusesMissingFilesAndNone()
    {
        Assert.Equal("a.txt does not exist; the folder has no files.", folder.Message(() => Compute(folder.File("a.txt"))));
        Assert.Equal("No text file was named; name at least one.", folder.Message(() => Compute()));
    }

    private static CorpusFingerprint Compute(params string[] paths) => CorpusFingerprint.Compute(paths, cancellation: TestContext.Current.CancellationToken);

    private sealed class Reports : IProgress<long>
    {
        public List<long> Values { get; } = [];

        public void Report(long value) => Values.Add(value);
    }

    [Fact]
    public void ALink_IsTheFileItLeadsTo()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Making links takes rights elsewhere.");
        using var folder = new CorpusFolder();
        string file = folder.Write("a.jsonl", "{\"text\":\"a\"}\n"), link = folder.File("b.jsonl");
        File.CreateSymbolicLink(link, file);
        Assert.Equal(CorpusFingerprint.Compute([file]), CorpusFingerprint.Compute([link]));
    }
}
