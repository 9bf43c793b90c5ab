using Mxd.Training;

namespace Mxd.Benchmarks;

/// <summary>Progress that nobody sees: a benchmark prints results alone.</summary>
internal sealed class NoObserver : IRunObserver
{
    public void Begin(string phase, long total, string unit)
    {
    }

    public void Advance(long done)
    {
    }

    public void Note(string line)
    {
    }
}
