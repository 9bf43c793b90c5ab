using Mxd.Training;

namespace Mxd.Cli.Commands;

/// <summary>Shows what the run is expected to take as one more line of its plan.</summary>
internal sealed class Expectations(IRunObserver shown) : IRunObserver
{
    public void Begin(string phase, long total, string unit) => shown.Begin(phase, total, unit);

    public void Advance(long done) => shown.Advance(done);

    public void Note(string line) => shown.Note(line);

    public bool ShowsMeasurements => shown.ShowsMeasurements;

    public void Measured(string run, MetricsLine line) => shown.Measured(run, line);

    public void Failed(string run, string reason) => shown.Failed(run, reason);

    public void Expect(RunEstimate? estimate) => shown.Note(TrainPlan.Describe(estimate));
}
