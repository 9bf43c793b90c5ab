namespace Mxd.Chat;

/// <summary>What is about to be asked of a service.</summary>
/// <param name="Service">Who is asked.</param>
/// <param name="Usage">Requests, and tokens as they are estimated.</param>
public sealed record ChatForecast(ChatService Service, ChatUsage Usage)
{
    /// <summary>May it cost something?</summary>
    public bool IsPaid => Usage.Requests > 0 && !Service.IsFree;
}
