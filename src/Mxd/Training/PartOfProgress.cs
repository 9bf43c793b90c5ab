namespace Mxd.Training;

/// <summary>Progress of a part, as progress of the whole; both are shares of the work.</summary>
/// <param name="whole">Told the whole's.</param>
/// <param name="from">Where the part begins.</param>
/// <param name="size">How much of the whole it is.</param>
public sealed class PartOfProgress(IProgress<double> whole, double from, double size) : IProgress<double>
{
    public void Report(double value) => whole.Report(from + size * value);
}
