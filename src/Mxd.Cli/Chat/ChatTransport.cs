using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Mxd.Chat;

namespace Mxd.Cli.Chat;

/// <summary>
/// Sends the requests of any client: puts the API key into them, reads answers whole, and tells what went wrong in one way for all clients. The key is in none of that, even where a
/// service repeats it.
/// </summary>
internal sealed class ChatTransport(string? key, TimeProvider time) : DelegatingHandler
{
    /// <summary>Longest answer that is read, in bytes, and longest part of a service's own words that is shown.</summary>
    private const int LongestAnswer = 16 << 20, LongestShown = 200;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.Headers.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);
        HttpResponseMessage? response = null;
        try
        {
            response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
            await response.Content.LoadIntoBufferAsync(LongestAnswer, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            response?.Dispose();
            string what = response is null ? "does not answer" : "broke off its answer";
            throw new ChatServiceException($"{what} ({FirstLine(e.GetBaseException().Message)})", !IsHopeless(e), e);
        }
        if (response.IsSuccessStatusCode) return response;
        using (response) throw await Refusal(response, cancellationToken).ConfigureAwait(false);
    }

    private async Task<ChatServiceException> Refusal(HttpResponseMessage response, CancellationToken cancellation)
    {
        HttpStatusCode status = response.StatusCode;
        // A service may repeat the key, or half of it, where it does not accept it.
        bool isAboutKey = status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden;
        string said = isAboutKey ? "" : Said(await response.Content.ReadAsStringAsync(cancellation).ConfigureAwait(false));
        string reason = said.Length > 0 ? said : status == HttpStatusCode.TooManyRequests ? "too many requests" : response.ReasonPhrase ?? "";
        return new ChatServiceException($"answers {(int)status}{(reason.Length > 0 ? $" ({reason})" : "")}", ChatServiceException.IsPassing(status))
        {
            Status = status,
            RetryAfter = response.Headers.RetryAfter is { } after ? after.Delta ?? after.Date - time.GetUtcNow() : null,
        };
    }

    /// <summary>The service's own words: <c>error.message</c>, <c>error</c>, or the beginning of whatever it sent.</summary>
    private string Said(string content)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(content);
            if (json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("error", out JsonElement error))
            {
                if (error.ValueKind == JsonValueKind.Object && error.TryGetProperty("message", out JsonElement message)) error = message;
                return FirstLine(error.ToString());
            }
        }
        catch (JsonException)
        {
            // A page of a proxy, say: nothing to show on a line.
            if (content.Contains('<', StringComparison.Ordinal)) return "";
        }
        return FirstLine(content);
    }

    private string FirstLine(string text)
    {
        string line = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).TrimEnd('.');
        if (key is not null) line = line.Replace(key, "***", StringComparison.Ordinal);
        line = string.Concat(line.Where(c => !char.IsControl(c)));
        return line.Length > LongestShown ? line[..LongestShown] + "…" : line;
    }

    /// <summary>Where there is nobody to answer, asking again cannot help.</summary>
    private static bool IsHopeless(Exception e) => e is HttpRequestException
    {
        HttpRequestError: HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError or HttpRequestError.SecureConnectionError,
    };
}
