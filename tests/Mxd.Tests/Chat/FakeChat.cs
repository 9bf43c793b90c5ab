using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mxd.Tests.Hub;

namespace Mxd.Tests.Chat;

/// <summary>
/// A server on loopback that speaks OpenAI's protocol (<c>/v1/chat/completions</c>) and Ollama's (<c>/api/chat</c>): it answers with what a function makes of the question, or with the
/// faults that are queued for the next requests.
/// </summary>
internal sealed class FakeChat : IDisposable
{
    private readonly HttpListener listener;
    private readonly Func<string, string> answer;
    private readonly ManualResetEvent end = new(false);

    /// <param name="answer">What is answered, of the last question of a user.</param>
    public FakeChat(Func<string, string> answer)
    {
        this.answer = answer;
        (listener, Address) = FakeHub.Start(Answer);
    }

    /// <summary>Of the server; OpenAI's protocol is below <c>/v1</c>.</summary>
    public string Address { get; }

    /// <summary>A model of it, as it is named on the command line.</summary>
    public string OpenAI => $"openai:judge@{Address}/v1";

    /// <inheritdoc cref="OpenAI"/>
    public string Ollama => $"ollama:judge@{Address}";

    /// <summary>Faults for the next requests, in order.</summary>
    public ConcurrentQueue<FakeHub.Fault> Faults { get; } = new();

    /// <summary>The fault of all requests for which none is queued; null for none.</summary>
    public FakeHub.Fault? Always { get; set; }

    /// <summary>Bodies of all requests.</summary>
    public ConcurrentQueue<JsonNode> Requests { get; } = new();

    /// <summary>Authorization of all requests; "" where there is none.</summary>
    public ConcurrentQueue<string> Authorizations { get; } = new();

    /// <summary>An answer without end, until the server is disposed of.</summary>
    public FakeHub.Fault Silence => HubFaults.FallSilent(Encoding.UTF8.GetBytes(Completion("late")), 10, end);

    /// <summary>OpenAI's response with an answer in it, or without any.</summary>
    public static string Completion(string? content) => JsonSerializer.Serialize(new
    {
        id = "chatcmpl-1",
        @object = "chat.completion",
        created = 1,
        model = "judge",
        choices = content is null ? [] : new object[] { new { index = 0, message = new { role = "assistant", content }, finish_reason = "stop" } },
        usage = new { prompt_tokens = 200, completion_tokens = 15, total_tokens = 215 },
    });

    /// <summary>A refusal with the service's words.</summary>
    public static FakeHub.Fault Refuse(int status, string message, string? retryAfter = null) => context =>
    {
        context.Response.StatusCode = status;
        if (retryAfter is not null) context.Response.Headers["Retry-After"] = retryAfter;
        HubFaults.Send(JsonSerializer.Serialize(new { error = new { message, type = "x" } }))(context);
    };

    public void Dispose()
    {
        end.Set();
        listener.Close();
    }

    /// <summary>Null of a client that has given up on its question half-way: a request that is cancelled ends so.</summary>
    private static JsonNode? Read(HttpListenerRequest request)
    {
        using var reader = new StreamReader(request.InputStream);
        string body = reader.ReadToEnd();
        return Encoding.UTF8.GetByteCount(body) < request.ContentLength64 || body.Length == 0 ? null : JsonNode.Parse(body);
    }

    private void Answer(HttpListenerContext context)
    {
        if (Read(context.Request) is not { } body)
        {
            context.Response.Abort();
            return;
        }
        Authorizations.Enqueue(context.Request.Headers["Authorization"] ?? "");
        Requests.Enqueue(body);
        if (Faults.TryDequeue(out FakeHub.Fault? fault) || (fault = Always) is not null)
        {
            fault(context);
            return;
        }
        string said = answer((string)body["messages"]!.AsArray().Last(m => (string)m!["role"]! == "user" && !((string)m["content"]!).StartsWith("Your answer", StringComparison.Ordinal))!["content"]!);
        context.Response.ContentType = "application/json";
        switch (context.Request.Url!.AbsolutePath)
        {
            case "/v1/chat/completions":
                HubFaults.Send(Completion(said))(context);
                break;
            case "/api/chat":
                HubFaults.Send(JsonSerializer.Serialize(new { model = "judge", created_at = "2026-01-01T00:00:00Z", message = new { role = "assistant", content = said }, done = true, done_reason = "stop", prompt_eval_count = 200, eval_count = 15 }) + "\n")(context);
                break;
            default:
                Refuse(404, "no such page")(context);
                break;
        }
    }
}
