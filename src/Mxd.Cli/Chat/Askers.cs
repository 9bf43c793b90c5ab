using Mxd.Chat;
using Mxd.Training;

namespace Mxd.Cli.Chat;

/// <summary>The services that a command asks, each through its client, with the user's cache.</summary>
internal sealed class Askers : IDisposable
{
    private IRunObserver? observer;

    public Askers(IEnumerable<NamedService> services, AskingOptions asking)
    {
        var cache = ChatCache.OfUser();
        All = [.. services.Select(service => new ChatAsker(service.Connect(ChatClients.Create), cache, asking.Patience, line => observer?.Note(line)))];
    }

    /// <summary>In the order of the services.</summary>
    public IReadOnlyList<ChatAsker> All { get; }

    /// <summary>Does work of which an observer hears the waits.</summary>
    public T Observed<T>(IRunObserver who, Func<T> work)
    {
        observer = who;
        try
        {
            return work();
        }
        finally
        {
            observer = null;
        }
    }

    /// <summary>Ends a command that was stopped, with how to go on.</summary>
    public static void Stopped()
    {
        Console.Error.WriteLine("Stopped. What was answered is kept: the same command again asks only for what is left.");
        throw new OperationCanceledException();
    }

    public void Dispose()
    {
        foreach (ChatAsker asker in All) asker.Dispose();
    }
}
