namespace Mxd.Training;

/// <summary>Progress as a number of things done, for an observer that was told how many there are.</summary>
public sealed class ObservedCount(IRunObserver observer) : IProgress<long>
{
    public void Report(long value) => observer.Advance(value);
}
