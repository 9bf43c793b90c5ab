using Mxd.Runtime;

namespace Mxd.Tests.Formats;

/// <summary>What every refusal of a file must be: an <see cref="MxdInputException"/> of one line that names the file, at no great cost.</summary>
internal static class Refusal
{
    /// <summary>Managed memory that a reader may take for a hostile file: a fixed part, and a multiple of the file's own length.</summary>
    private const long FixedBytes = 256 << 10, BytesPerFileByte = 64;

    /// <summary>Opens the bytes as a file and returns the message it is refused with.</summary>
    public static string Of(string path, byte[] content, Func<string, IDisposable> open)
    {
        string? message = OrNull(path, content, opened => opened.Dispose(), open);
        Assert.True(message is not null, "The file was accepted.");
        return message!;
    }

    /// <summary>Opens the bytes as a file; hands the result to <paramref name="use"/>, or returns the message it is refused with.</summary>
    public static string? OrNull<T>(string path, byte[] content, Action<T> use, Func<string, T> open) where T : IDisposable
    {
        File.WriteAllBytes(path, content);
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            using T opened = open(path);
            use(opened);
            return null;
        }
        catch (MxdInputException refusal)
        {
            long taken = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(taken < FixedBytes + BytesPerFileByte * content.Length, $"{taken} bytes were taken to refuse {content.Length}.");
            Assert.StartsWith(path, refusal.Message, StringComparison.Ordinal);
            Assert.DoesNotContain(refusal.Message, char.IsControl);
            return refusal.Message;
        }
    }
}
