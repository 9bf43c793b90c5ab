using System.ClientModel;
using System.ClientModel.Primitives;
using Microsoft.Extensions.AI;
using Mxd.Chat;
using OllamaSharp;
using OpenAI;

namespace Mxd.Cli.Chat;

/// <summary>
/// Clients of the services that the command line can name. They are made here and not in the library, which takes any <see cref="IChatClient"/>: whoever uses it has a client
/// already, and does not get the packages of two protocols with a layer.
/// </summary>
internal static class ChatClients
{
    /// <summary>A client that asks once, without repetitions or limits of its own: those of <see cref="ChatAsker"/> count.</summary>
    public static IChatClient Create(ChatSpec spec, string? key)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            // A proxy of the environment cannot reach a service on this machine.
            UseProxy = !spec.Endpoint.IsLoopback,
        };
        var http = new HttpClient(new ChatTransport(key, TimeProvider.System) { InnerHandler = handler }) { Timeout = Timeout.InfiniteTimeSpan };
        if (spec.Provider == ChatSpec.Ollama)
        {
            http.BaseAddress = new Uri(spec.Endpoint.ToString().TrimEnd('/') + "/");
            return new OllamaApiClient(http, spec.Model);
        }
        var options = new OpenAIClientOptions
        {
            Endpoint = spec.Endpoint,
            Transport = new HttpClientPipelineTransport(http),
            RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
            NetworkTimeout = Timeout.InfiniteTimeSpan,
        };
        // The transport puts the key into requests, or leaves it out.
        return new OpenAIClient(new ApiKeyCredential("none"), options).GetChatClient(spec.Model).AsIChatClient();
    }
}
