using Mxd.Training;

namespace Mxd.Tests.Training;

/// <summary>Hears and says nothing.</summary>
internal sealed class Silent : IRunObserver
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
