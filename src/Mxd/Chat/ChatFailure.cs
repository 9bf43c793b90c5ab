using System.Net;

namespace Mxd.Chat;

/// <summary>What is said of a service that is asked no more, and of a question that it refuses: what it did, which limit that reached, and what helps.</summary>
internal static class ChatFailure
{
    /// <summary>Is it the question that is refused, and not whoever asks? One that is too long, say.</summary>
    public static bool IsOfQuestion(ChatServiceException error) =>
        !error.MayPass && error.Status is HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.UnprocessableEntity;

    /// <summary>Asking again cannot help.</summary>
    public static string Hopeless(ChatService service, ChatServiceException error) => $"{service.Name} {error.Message}: {Advice(error.Status)}.";

    /// <summary>A question that is refused.</summary>
    /// <param name="isProven">Has the service answered others?</param>
    public static string Refused(ChatService service, ChatServiceException error, bool isProven) =>
        $"{service.Name} {error.Message}{(isProven ? "" : $"; {Advice(error.Status)}")}";

    /// <summary>It was asked again as often, or waited for as long, as is done.</summary>
    public static string Exhausted(ChatService service, ChatServiceException error, int repetitions, TimeSpan waited, TimeSpan wait, ChatPatience patience)
    {
        bool isOfRetries = repetitions >= patience.Retries;
        string beyond = isOfRetries ? "" : FormattableString.Invariant(
            $", and {(error.RetryAfter is null ? "the next wait is" : "asks for")} {wait.TotalSeconds:0} s more, beyond the {patience.MostWaiting.TotalSeconds:0} s that are waited");
        string helps = error.IsSilence ? "with a larger --timeout or a smaller --parallel"
            : isOfRetries ? "with a larger --retries or a smaller --parallel"
            : "with a smaller --parallel";
        return FormattableString.Invariant(
            $"{service.Name} {error.Message}, after {repetitions} {(repetitions == 1 ? "repetition" : "repetitions")}{(isOfRetries ? " (--retries)" : "")} and {waited.TotalSeconds:0} s of waiting{beyond}: repeat the command later, which asks only for what is left, {helps}.");
    }

    private static string Advice(HttpStatusCode? status) => status switch
    {
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => "check the API key, and that it may use this model",
        HttpStatusCode.NotFound => "check the model's name, and the address, which ends in /v1 with most services that speak OpenAI's protocol",
        HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity => "check the model's name; one that takes no temperature but its own needs --no-temperature",
        HttpStatusCode.RequestEntityTooLarge => "the question is too long for it",
        null => "check the address, and that the service runs",
        _ => "check the model's name and the address",
    };
}
