using System.Text;

namespace Mxd.Tests.Hub;

/// <summary>What goes wrong between a hub and those who ask it.</summary>
internal static class HubFaults
{
    public static FakeHub.Fault Status(int status, string? errorCode = null, string? retryAfter = null) => context =>
    {
        context.Response.StatusCode = status;
        if (errorCode is not null) context.Response.Headers["X-Error-Code"] = errorCode;
        if (retryAfter is not null) context.Response.Headers["Retry-After"] = retryAfter;
        context.Response.Close();
    };

    public static FakeHub.Fault Redirect(string location, int status = 302) => context =>
    {
        context.Response.StatusCode = status;
        context.Response.Headers["Location"] = location;
        context.Response.Close();
    };

    /// <summary>An answer of 200, or 206 from a place on, whatever was asked for.</summary>
    public static FakeHub.Fault Send(byte[] content, long? rangeFrom = null) => context =>
    {
        if (rangeFrom is { } from)
        {
            context.Response.StatusCode = 206;
            context.Response.Headers["Content-Range"] = $"bytes {from}-{from + content.Length - 1}/{from + content.Length}";
        }
        context.Response.ContentLength64 = content.Length;
        context.Response.OutputStream.Write(content);
        context.Response.Close();
    };

    public static FakeHub.Fault Send(string text) => Send(Encoding.UTF8.GetBytes(text));

    /// <summary>Facts of a file: an answer without content.</summary>
    public static FakeHub.Fault Facts(string? etag, long? length = null, string? linkedSize = null) => context =>
    {
        if (etag is not null) context.Response.Headers["ETag"] = etag;
        if (linkedSize is not null) context.Response.Headers["X-Linked-Size"] = linkedSize;
        context.Response.ContentLength64 = length ?? 0;
        context.Response.Close();
    };

    /// <summary>A connection that ends after so many bytes of the whole content, or of what is asked for of it.</summary>
    public static FakeHub.Fault BreakOff(byte[] content, int after, bool ignoresRange = false) => context =>
    {
        int start = 0;
        if (!ignoresRange && context.Request.Headers["Range"] is { } range)
        {
            start = int.Parse(range["bytes=".Length..^1]);
            context.Response.StatusCode = 206;
            context.Response.Headers["Content-Range"] = $"bytes {start}-{content.Length - 1}/{content.Length}";
        }
        context.Response.ContentLength64 = content.Length - start;
        if (after > 0) context.Response.OutputStream.Write(content, start, after);
        context.Response.OutputStream.Flush();
        context.Response.Abort();
    };

    /// <summary>The same piece without an end.</summary>
    public static FakeHub.Fault SendForever(string piece) => context =>
    {
        byte[] bytes = Encoding.UTF8.GetBytes(piece);
        context.Response.SendChunked = true;
        while (true) context.Response.OutputStream.Write(bytes);
    };

    /// <summary>Headers, the first bytes, and then nothing until <paramref name="end"/>.</summary>
    public static FakeHub.Fault FallSilent(byte[] content, int after, WaitHandle end) => context =>
    {
        context.Response.ContentLength64 = content.Length;
        context.Response.OutputStream.Write(content, 0, after);
        context.Response.OutputStream.Flush();
        end.WaitOne();
        context.Response.Abort();
    };
}
