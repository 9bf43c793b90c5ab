using Mxd.Hub;

namespace Mxd.Training;

/// <summary>Downloads, as an observer of a command hears of everything that takes a while.</summary>
public sealed class ObservedDownloads(IRunObserver observer) : IHubProgress
{
    public void Begin(string what, long bytes) => observer.Begin($"Downloading {what}", bytes, "bytes");

    public void Advance(long bytes) => observer.Advance(bytes);

    public void Note(string line) => observer.Note(line);
}
