namespace Mxd.Cli.Tests.Fixtures;

/// <summary>A test class with the shared files, a folder of its own for each test, and the small training run in it.</summary>
public abstract class CliTests(TinyFiles files) : IDisposable
{
    protected TinyFiles Files => files;

    /// <summary>Empty when a test begins.</summary>
    protected TemporaryFolder Folder { get; } = new();

    internal string Run => Folder.File("run");

    internal TrainCall Train => TrainCall.Small(files, Run);

    public void Dispose()
    {
        DisposeMore();
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>What a test class has besides.</summary>
    protected virtual void DisposeMore()
    {
    }
}
