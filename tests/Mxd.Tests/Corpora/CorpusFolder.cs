using System.Text;
using Mxd.Corpora;
using Mxd.Runtime;
using Mxd.Tests.Runtime;

namespace Mxd.Tests.Corpora;

/// <summary>A folder for one test's text files.</summary>
public sealed class CorpusFolder : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public string Path => folder.Path;

    public string File(string name) => folder.File(name);

    public string Write(string name, string content) => Write(name, Encoding.UTF8.GetBytes(content));

    public string Write(string name, byte[] content)
    {
        System.IO.File.WriteAllBytes(File(name), content);
        return File(name);
    }

    /// <summary>What reading all documents says is wrong, without the folder's name; the checks before work must say the same.</summary>
    public string Refused(string name, string textField = "text")
    {
        string reading = Message(() => _ = TextFiles.Read([File(name)], textField).Count());
        string checking = Message(() => TextFiles.Check([File(name)], textField));
        Assert.Equal(reading, checking);
        return reading;
    }

    public string Message(Action action)
    {
        string message = Assert.Throws<MxdInputException>(action).Message;
        Assert.DoesNotContain('\n', message);
        return message.Replace(Path + System.IO.Path.DirectorySeparatorChar, "", StringComparison.Ordinal).Replace(Path, "FOLDER", StringComparison.Ordinal);
    }

    public void Dispose() => folder.Dispose();
}
