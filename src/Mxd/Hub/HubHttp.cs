using System.Net;
using System.Net.Http.Headers;

namespace Mxd.Hub;

/// <summary>
/// Requests to the hub: the token goes to the hub's own address alone, redirects are followed by hand for that, and what may pass (429, 5xx,
/// broken connections) is tried again after growing waits.
/// </summary>
internal sealed class HubHttp : IDisposable
{
    private const int MostRedirects = 10, Attempts = 5;

    private static readonly TimeSpan longestWait = TimeSpan.FromMinutes(1);

    private readonly HubOptions options;
    private readonly HttpClient client;

    public HubHttp(HubOptions options)
    {
        this.options = options;
        client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = options.Silence, UseCookies = false })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        client.DefaultRequestHeaders.UserAgent.ParseAdd($"mxd/{typeof(HubHttp).Assembly.GetName().Version}");
        client.DefaultRequestHeaders.AcceptEncoding.ParseAdd("identity");
    }

    /// <summary>The answer to a request, headers only; followed to other addresses if <paramref name="follow"/>, within the hub always.</summary>
    /// <exception cref="HttpRequestException">No connection, after repetitions.</exception>
    public HttpResponseMessage Send(HttpMethod method, Uri address, bool follow, long from, IHubProgress? progress, CancellationToken cancellation)
    {
        for (int attempt = 1; ; attempt++)
        {
            string problem;
            TimeSpan? asked = null;
            try
            {
                HttpResponseMessage response = Follow(method, address, follow, from, cancellation);
                if (!IsPassing(response.StatusCode) || attempt == Attempts) return response;
                (problem, asked) = ($"{(int)response.StatusCode}", RetryAfter(response));
                response.Dispose();
            }
            catch (Exception e) when (e is HttpRequestException or IOException or TimeoutException && attempt < Attempts && !IsHopeless(e))
            {
                problem = Runtime.OneLine.Of(e.GetBaseException());
            }
            Wait(attempt, asked, $"{address.Host} answers {problem}", progress, cancellation);
        }
    }

    /// <summary>Waits before a repetition, longer each time.</summary>
    public void Wait(int attempt, TimeSpan? asked, string why, IHubProgress? progress, CancellationToken cancellation)
    {
        TimeSpan wait = asked ?? options.FirstWait * Math.Pow(2, attempt - 1);
        if (wait > longestWait) wait = longestWait;
        progress?.Note($"{why}; trying again in {wait.TotalSeconds:0.#} s ({attempt} of {Attempts - 1}).");
        cancellation.WaitHandle.WaitOne(wait);
        cancellation.ThrowIfCancellationRequested();
    }

    /// <summary>Runs one step of a transfer and fails if it is silent for too long.</summary>
    public T WithinSilence<T>(Func<CancellationToken, Task<T>> step, CancellationToken cancellation)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        silence.CancelAfter(options.Silence);
        try
        {
            return step(silence.Token).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"no answer for {options.Silence.TotalSeconds:0.#} s", e);
        }
    }

    public void Dispose() => client.Dispose();

    private HttpResponseMessage Follow(HttpMethod method, Uri address, bool follow, long from, CancellationToken cancellation)
    {
        for (int redirects = 0; redirects <= MostRedirects; redirects++)
        {
            using var request = new HttpRequestMessage(method, address);
            if (options.Token is { } token && IsHub(address)) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            if (from > 0) request.Headers.Range = new RangeHeaderValue(from, null);
            HttpResponseMessage response = WithinSilence(token => client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token), cancellation);
            if ((int)response.StatusCode is not (301 or 302 or 303 or 307 or 308) || response.Headers.Location is not { } location) return response;
            var next = new Uri(address, location);
            // The first answer of the hub says what a file is, even where the file itself is elsewhere.
            if (!follow && !IsHub(next)) return response;
            response.Dispose();
            if (next.Scheme is not ("http" or "https")) throw new HttpRequestException($"a redirect to {next.Scheme} is not followed");
            address = next;
        }
        throw new HttpRequestException($"more than {MostRedirects} redirects");
    }

    /// <summary>The hub's own address: the token goes nowhere else, nor over a connection less safe.</summary>
    private bool IsHub(Uri address) => address.Scheme == options.Endpoint.Scheme && address.Authority == options.Endpoint.Authority;

    private static bool IsPassing(HttpStatusCode status) => status is HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError;

    /// <summary>Asking again cannot help where there is nobody to answer, and waiting for it is only slow.</summary>
    private static bool IsHopeless(Exception e) => e is HttpRequestException
    {
        HttpRequestError: HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError or HttpRequestError.SecureConnectionError,
    } or HttpRequestException { HttpRequestError: HttpRequestError.Unknown, InnerException: null };

    private static TimeSpan? RetryAfter(HttpResponseMessage response) =>
        response.Headers.RetryAfter is { } after ? after.Delta ?? after.Date - DateTimeOffset.UtcNow : null;
}
