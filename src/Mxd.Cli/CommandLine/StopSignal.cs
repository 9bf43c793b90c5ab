using System.Runtime.InteropServices;
using Mxd.Training;

namespace Mxd.Cli.CommandLine;

/// <summary>Ctrl+C and termination as a cancellation: the first asks to save and stop, a second one stops at once.</summary>
internal sealed class StopSignal : IDisposable
{
    private readonly CancellationTokenSource source = new();
    private readonly IRunObserver observer;
    private readonly PosixSignalRegistration interrupt, terminate;

    public StopSignal(IRunObserver observer)
    {
        this.observer = observer;
        interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
    }

    public CancellationToken Token => source.Token;

    public void Dispose()
    {
        interrupt.Dispose();
        terminate.Dispose();
        source.Dispose();
    }

    private void Stop(PosixSignalContext context)
    {
        if (source.IsCancellationRequested) return;
        context.Cancel = true;
        observer.Note("Stopping as soon as what is done is safe; press Ctrl+C again to stop at once.");
        source.Cancel();
    }
}
