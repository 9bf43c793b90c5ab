using System.Diagnostics;
using System.Runtime.InteropServices;
using Mxd.Training;

namespace Mxd.Cli.CommandLine;

/// <summary>
/// Ctrl+C and termination as a cancellation: the first asks to save and stop, a second one stops at once. Signals within a second of the first
/// are that one: sent to a process group, it arrives once directly and once more through 'dotnet run', which passes it on.
/// </summary>
internal sealed class StopSignal : IDisposable
{
    private static readonly TimeSpan echo = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource source = new();
    private readonly IRunObserver observer;
    private readonly PosixSignalRegistration interrupt, terminate;
    private long first;

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
        context.Cancel = first == 0 || Stopwatch.GetElapsedTime(first) < echo;
        if (first != 0) return;
        first = Stopwatch.GetTimestamp();
        observer.Note("Stopping as soon as what is done is safe; press Ctrl+C again to stop at once.");
        source.Cancel();
    }
}
