using System.Net;
using Mxd.Hub;

namespace Mxd.Chat;

/// <summary>A service did not answer a request. The message goes on from the service's name: "answers 429 (too many requests)".</summary>
public sealed class ChatServiceException : Exception
{
    public ChatServiceException(string message, bool mayPass, Exception? inner = null) : base(message, inner)
    {
        MayPass = mayPass;
    }

    /// <summary>May the same request succeed later?</summary>
    public bool MayPass { get; }

    /// <summary>Of a status: may the same request succeed later?</summary>
    public static bool IsPassing(HttpStatusCode status) => HubHttp.IsPassing(status);

    /// <summary>What it answered instead; null where it did not answer at all.</summary>
    public HttpStatusCode? Status { get; init; }

    /// <summary>Did it say nothing within the time for an answer?</summary>
    public bool IsSilence { get; init; }

    /// <summary>How long it asks to wait.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
