using System.Net;
using System.Net.Http.Headers;

namespace Mxd.Hub;

/// <summary>
/// Requests to the hub: the token goes to the hub's own address alone, redirects are followed by hand for that, and what may pass (429, 5xx,
/// broken connections) is tried again after growing waits.
/// </summary>
internal sealed class HubHttp : IDisposable
{
    public const int Attempts = 5;

    private const int MostRedirects = 10;

    private static readonly TimeSpan longestWait = TimeSpan.FromMinutes(1);

    private readonly HubOptions options;
    private readonly HttpClient client;

    public HubHttp(HubOptions options)
    {
        this.options = options;
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            ConnectTimeout = options.Silence / 2,
            UseCookies = false,
            // A proxy of the environment cannot reach a mirror on this machine.
            UseProxy = !options.Endpoint.IsLoopback,
        };
        client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        client.DefaultRequestHeaders.UserAgent.ParseAdd($"mxd/{typeof(HubHttp).Assembly.GetName().Version}");
        client.DefaultRequestHeaders.AcceptEncoding.ParseAdd("identity");
    }

    /// <summary>What <paramref name="read"/> makes of the answer, of which only the headers are there yet.</summary>
    /// <exception cref="HttpRequestException">No connection, after repetitions.</exception>
    /// <exception cref="IOException">The answer broke off, after repetitions.</exception>
    /// <exception cref="TimeoutException">Nothing came for too long, after repetitions.</exception>
    public T Send<T>(HubRequest request, Func<HttpResponseMessage, T> read, IHubProgress? progress, CancellationToken cancellation)
    {
        for (int attempt = 1; ; attempt++)
        {
            string problem;
            TimeSpan? asked = null;
            try
            {
                using HttpResponseMessage response = Follow(request, cancellation);
                if (!IsPassing(response.StatusCode) || attempt == Attempts) return read(response);
                (problem, asked) = ($"answers {(int)response.StatusCode}", RetryAfter(response));
            }
            catch (Exception e) when (e is HttpRequestException or IOException or TimeoutException && request.IsRepeated && attempt < Attempts && !IsHopeless(e))
            {
                problem = $"does not answer ({Runtime.OneLine.Of(e.GetBaseException())})";
            }
            Wait(attempt, asked, $"{request.Address.Host} {problem}", progress, cancellation);
        }
    }

    /// <summary>Waits before a repetition, longer each time.</summary>
    public void Wait(int attempt, TimeSpan? asked, string why, IHubProgress? progress, CancellationToken cancellation)
    {
        TimeSpan wait = asked ?? options.FirstWait * Math.Pow(2, attempt - 1);
        if (wait > longestWait) wait = longestWait;
        // A server's date may have passed.
        if (wait < TimeSpan.Zero) wait = TimeSpan.Zero;
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
            // With the connection's own limit inside, there is nobody to answer.
            throw e.InnerException is TimeoutException
                ? new HttpRequestException(HttpRequestError.ConnectionError, $"no connection within {options.Silence.TotalSeconds / 2:0.#} s")
                : new TimeoutException($"silent for {options.Silence.TotalSeconds:0.#} s");
        }
    }

    /// <summary>The pieces of an answer as they arrive, each in the same buffer.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Read(HttpResponseMessage response, CancellationToken cancellation)
    {
        using Stream source = WithinSilence(response.Content.ReadAsStreamAsync, cancellation);
        byte[] buffer = new byte[1 << 20];
        int count;
        while ((count = WithinSilence(silence => source.ReadAsync(buffer, silence).AsTask(), cancellation)) > 0) yield return buffer.AsMemory(0, count);
    }

    /// <summary>The hub's own address: the token goes nowhere else, nor over a connection less safe.</summary>
    public bool IsHub(Uri? address) => address is not null && address.Scheme == options.Endpoint.Scheme && address.Authority == options.Endpoint.Authority;

    /// <summary>May the same request succeed later?</summary>
    public static bool IsPassing(HttpStatusCode status) =>
        status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError;

    public void Dispose() => client.Dispose();

    private HttpResponseMessage Follow(HubRequest asked, CancellationToken cancellation)
    {
        Uri address = asked.Address;
        for (int redirects = 0; redirects <= MostRedirects; redirects++)
        {
            using var request = new HttpRequestMessage(asked.Method, address);
            if (options.Token is { } token && IsHub(address)) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            if (asked.From > 0) request.Headers.Range = new RangeHeaderValue(asked.From, null);
            HttpResponseMessage response = WithinSilence(silence => client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, silence), cancellation);
            if ((int)response.StatusCode is not (301 or 302 or 303 or 307 or 308) || response.Headers.Location is not { } location) return response;
            var next = new Uri(address, location);
            // The first answer of the hub says what a file is, even where the file itself is elsewhere.
            if (!asked.IsFollowed && !IsHub(next)) return response;
            response.Dispose();
            if (next.Scheme is not ("http" or "https") || (address.Scheme == "https" && next.Scheme == "http"))
                throw new HttpRequestException($"a redirect from {address.Scheme} to {next.Scheme} is not followed");
            address = next;
        }
        throw new HttpRequestException($"more than {MostRedirects} redirects");
    }

    /// <summary>Asking again cannot help where there is nobody to answer, and waiting for it is only slow.</summary>
    private static bool IsHopeless(Exception e) => e is HttpRequestException
    {
        HttpRequestError: HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError or HttpRequestError.SecureConnectionError,
    } or HttpRequestException { HttpRequestError: HttpRequestError.Unknown, InnerException: null };

    private static TimeSpan? RetryAfter(HttpResponseMessage response) =>
        response.Headers.RetryAfter is { } after ? after.Delta ?? after.Date - DateTimeOffset.UtcNow : null;
}
