namespace Mxd.Training;

/// <summary>Progress as a share of the work, for an observer that was told of 100 %.</summary>
public sealed class ObservedPercent(IRunObserver observer) : IProgress<double>
{
    public void Report(double value) => observer.Advance((long)(100 * value));
}
