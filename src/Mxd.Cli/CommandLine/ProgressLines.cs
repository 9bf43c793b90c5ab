using Mxd.Training;

namespace Mxd.Cli.CommandLine;

/// <summary>Progress as lines of text, for logs.</summary>
internal sealed class ProgressLines(TextWriter writer) : IRunObserver
{
    private static readonly TimeSpan interval = TimeSpan.FromSeconds(15);

    private string phase = "";
    private Pace pace = new(0, "");
    private TimeSpan shown;

    public void Begin(string phase, long total, string unit)
    {
        (this.phase, pace, shown) = (phase, new Pace(total, unit), TimeSpan.Zero);
    }

    public void Advance(long done)
    {
        pace.At(done);
        if (pace.Elapsed - shown < interval || !pace.HasMoved) return;
        shown = pace.Elapsed;
        writer.WriteLine($"{phase}: {pace}");
    }

    public void Note(string line) => writer.WriteLine(line);
}
