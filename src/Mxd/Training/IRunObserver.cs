namespace Mxd.Training;

/// <summary>Hears how a long piece of work goes; showing it is the caller's business.</summary>
public interface IRunObserver
{
    /// <summary>A stretch of work begins, of <paramref name="total"/> units such as "tokens".</summary>
    void Begin(string phase, long total, string unit);

    /// <summary>So much of the current stretch is done.</summary>
    void Advance(long done);

    /// <summary>One line worth reading.</summary>
    void Note(string line);

    /// <summary>What a run is expected to take, before it trains; null where measuring that would have taken too much of it.</summary>
    void Expect(RunEstimate? estimate)
    {
    }

    /// <summary>Does it show what is <see cref="Measured"/>? Elsewhere a <see cref="Note"/> says it.</summary>
    bool ShowsMeasurements => false;

    /// <summary>A run, known by its folder, was measured on held-out text; of several runs at once, each is told of.</summary>
    void Measured(string run, MetricsLine line)
    {
    }

    /// <summary>A run, known by its folder, will not come to its end; others beside it go on.</summary>
    void Failed(string run, string reason)
    {
    }
}
