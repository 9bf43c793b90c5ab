using Mxd.Formats.Pickle;
using Mxd.Formats.Pickle.Zip;
using Mxd.Tests.Runtime;

namespace Mxd.Tests.Formats.Pickle;

/// <summary>Changed at random, a checkpoint is read or refused in one line; nothing else happens.</summary>
public sealed class MutatedCheckpointTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public MutatedCheckpointTests() => TestTensors.LoadTorch();

    public static TheoryData<string> Files => TestFiles.FindGolden("checkpoints", "*.pt");

    public void Dispose() => folder.Dispose();

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Files))]
    public void Open_ReadsOrRefusesAnyChangedArchive(string name)
    {
        byte[] content = File.ReadAllBytes(TestFiles.GoldenPath(name, ".pt"));
        var random = new Random(1);
        int refused = 0;
        for (int i = 0; i < 200; i++)
            if (IsRefused(Mutate(content, random))) refused++;
        Assert.InRange(refused, 100, 200);
    }

    /// <summary>The pickle alone is changed and its checksum made right again, so that the machine meets what the checksum would have stopped.</summary>
    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Files))]
    public void Open_ReadsOrRefusesAnyChangedPickle(string name)
    {
        (string Name, byte[] Bytes)[] entries = Entries(TestFiles.GoldenPath(name, ".pt"));
        int pickle = Array.FindIndex(entries, entry => entry.Name.EndsWith("/data.pkl", StringComparison.Ordinal));
        byte[] whole = entries[pickle].Bytes;
        var random = new Random(2);
        int refused = 0;
        for (int i = 0; i < 600; i++)
        {
            entries[pickle].Bytes = Mutate(whole, random);
            if (IsRefused(TorchZip.Of(entries))) refused++;
        }
        Assert.InRange(refused, 150, 599);
    }

    private static byte[] Mutate(byte[] content, Random random)
    {
        int from = random.Next(content.Length), to = random.Next(content.Length);
        int count = random.Next(1, Math.Min(40, content.Length - Math.Max(from, to)) + 1);
        switch (random.Next(5))
        {
            case 0: return content[..from];
            case 1: return [.. content[..from], .. content[(from + count)..]];
            case 2: return [.. content[..to], .. content[from..(from + count)], .. content[to..]];
            case 3:
                byte[] spliced = [.. content];
                content.AsSpan(from, count).CopyTo(spliced.AsSpan(to));
                return spliced;
            default:
                byte[] flipped = [.. content];
                for (int flips = random.Next(1, 4); flips > 0; flips--) flipped[random.Next(content.Length)] ^= (byte)(1 << random.Next(8));
                return flipped;
        }
    }

    private static (string Name, byte[] Bytes)[] Entries(string path)
    {
        using ZipReader archive = ZipReader.Open(path);
        return [.. archive.Entries.Values.OrderBy(entry => entry.Offset).Select(entry => (entry.Name, archive.ReadAll(entry)))];
    }

    private bool IsRefused(byte[] content) => Refusal.OrNull(folder.File("changed.pt"), content, file => ReadAll(file.Root.Value), TorchFile.Open) is not null;

    private static void ReadAll(PickleValue value)
    {
        if (value is PickleTensor tensor) tensor.Read().Dispose();
        if (value is PickleContainer container)
            for (int i = 0; i < container.ChildCount; i++) ReadAll(container.Child(i));
    }
}
