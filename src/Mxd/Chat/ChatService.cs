using Microsoft.Extensions.AI;

namespace Mxd.Chat;

/// <summary>A language model that can be asked, behind any client.</summary>
/// <param name="Name">Who it is. Answers are kept under this name: it has to tell one model, at one address, from all others.</param>
/// <param name="Client">Asks it. One that tries again by itself does so beside what is done here: let it not.</param>
public sealed record ChatService(string Name, IChatClient Client) : IDisposable
{
    /// <summary>What it takes; null where that is not known.</summary>
    public ChatPrice? Price { get; init; }

    /// <summary>Does asking it cost nothing?</summary>
    public bool IsFree { get; init; }

    /// <summary>Temperature of its answers; null leaves it to the service.</summary>
    public double? Temperature { get; init; } = 0;

    public void Dispose() => Client.Dispose();
}
