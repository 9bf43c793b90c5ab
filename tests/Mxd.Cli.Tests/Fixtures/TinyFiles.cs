[assembly: AssemblyFixture(typeof(Mxd.Cli.Tests.Fixtures.TinyFiles))]

namespace Mxd.Cli.Tests.Fixtures;

/// <summary>Models and texts that all tests read and none writes.</summary>
public sealed class TinyFiles : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public TinyFiles()
    {
        new TinyModel().Save(Model);
        TinyText.SaveJsonLines(TrainText, TinyText.Documents(300, seed: 1));
        TinyText.SaveJsonLines(HeldOutText, TinyText.Documents(40, seed: 2));
    }

    public string Model => folder.File("model.gguf");

    public string TrainText => folder.File("train.jsonl");

    public string HeldOutText => folder.File("held-out.jsonl");

    public void Dispose() => folder.Dispose();
}
