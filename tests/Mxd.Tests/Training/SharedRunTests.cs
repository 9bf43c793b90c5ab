using Mxd.Activations;
using Mxd.Interchange;
using Mxd.LanguageModels;
using Mxd.Metrics;
using Mxd.Runtime;
using Mxd.Tests.LanguageModels;
using Mxd.Tests.Runtime;
using Mxd.Training;

namespace Mxd.Tests.Training;

/// <summary>Several runs with folders from one pass, as a library's user has them.</summary>
public sealed class SharedRunTests : IDisposable
{
    private const int Context = 10;

    private static readonly TrainOptions plain = new()
    {
        Model = "tiny",
        Layer = 1,
        Text = ["text"],
        K = 2,
        Experts = 12,
        Hidden = 6,
        Tokens = 1200,
        Batch = 50,
        Context = Context,
        Buffer = 16,
        HarvestBatch = 3,
        LearningRate = 1e-2,
        LogEvery = 5,
        Device = "cpu",
    };

    private static readonly TrainOptions[] configurations = [plain, plain with { Type = "transcoder", Hidden = null }, plain with { Type = "linear", K = null, Experts = null, Hidden = null }];

    private readonly TemporaryFolder folder = new();
    private readonly LanguageModel model = TinyLlama.Create();
    private readonly TrainingData data = new(Contexts(37, seed: 1), Contexts(8, seed: 2), new DataDescription("hash", 37, 8));

    public void Dispose()
    {
        model.Dispose();
        folder.Dispose();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(13)]
    public void Cancelled_AllAreSaved_AndGoOnToTheSameBits(int step)
    {
        IReadOnlyList<RunOutcome> whole = Execute("whole", new Listener());

        Stop("stopped", step);
        Assert.All(Entries("stopped"), entry => Assert.Equal(step, CheckpointFile.ReadHeader(entry.Checkpoint!).Step));
        IReadOnlyList<RunOutcome> resumed = Execute("stopped", new Listener());

        foreach ((RunOutcome expected, RunOutcome actual) in whole.Zip(resumed))
        {
            Assert.Equal(expected.Result!.Final, actual.Result!.Final);
            Assert.Equal(File.ReadAllBytes(expected.Folder.LayerFile), File.ReadAllBytes(actual.Folder.LayerFile));
            Assert.Equal(File.ReadLines(expected.Folder.MetricsFile).Count(), File.ReadLines(actual.Folder.MetricsFile).Count());
        }
    }

    /// <summary>As a process leaves it that was killed while it saved.</summary>
    [Fact]
    public void WhereOneCheckpointIsOlder_TheOthersWait_AndAllEndWithTheSameBits()
    {
        IReadOnlyList<RunOutcome> whole = Execute("whole", new Listener());
        Stop("stopped", step: 5);
        string older = Entries("stopped")[2].Checkpoint!, kept = folder.File(Path.GetFileName(older));
        File.Copy(older, kept);
        Stop("stopped", step: 13);
        File.Delete(Entries("stopped")[2].Checkpoint!);
        File.Move(kept, older);

        var listener = new Listener();
        IReadOnlyList<RunOutcome> resumed = Execute("stopped", listener);

        Assert.Contains("Going on from step 5 of 24; some are at step 13 already, and wait.", listener.Notes);
        foreach ((RunOutcome expected, RunOutcome actual) in whole.Zip(resumed))
        {
            Assert.Equal(File.ReadAllBytes(expected.Folder.LayerFile), File.ReadAllBytes(actual.Folder.LayerFile));
            Assert.Equal(File.ReadLines(expected.Folder.MetricsFile).Count(), File.ReadLines(actual.Folder.MetricsFile).Count());
        }
    }

    [Fact]
    public void OneCheckpoint_HoldsTheBuffersRows_ForAll()
    {
        Stop("stopped", step: 1);

        HookPoint[] points = [plain.InputHook, plain.OutputHook];
        Assert.Equal([true, false, false], Entries("stopped").Select(entry => CheckpointFile.HoldsRows(entry.Checkpoint!, points)));
    }

    [Fact]
    public void EveryMeasurement_IsToldOf_ByTheFolderOfTheRun()
    {
        var listener = new Listener();

        IReadOnlyList<RunOutcome> outcomes = Execute("runs", listener);

        foreach (RunOutcome outcome in outcomes)
        {
            Assert.Equal([1, 5, 10, 15, 20, 24], listener.Lines.Where(line => line.Run == outcome.Folder.Path).Select(line => line.Step));
            Reconstruction final = outcome.Folder.ReadResult()!.Final;
            Assert.Equal(outcome.Result!.Final, final);
        }
    }

    [Fact]
    public void AModelThatIsHandedOver_IsDisposed_WhereAFolderIsInUse()
    {
        RunEntry[] entries = Entries("runs");
        using IDisposable held = entries[1].Folder.Enter();

        Assert.Equal(0, LiveTensors.LeftBy(() => Assert.Throws<MxdInputException>(() => SharedRun.Execute(TinyLlama.Create(), data, entries, new Listener()))));
    }

    [Fact]
    public void AModelThatIsHandedOver_IsDisposed_WhereConfigurationsDisagree()
    {
        TrainOptions[] disagreeing = [plain, plain with { Batch = 25 }];

        Assert.Equal(0, LiveTensors.LeftBy(() => Assert.Throws<MxdInputException>(() => TrainingGroup.Begin(TinyLlama.Create(), disagreeing, data, new Listener()))));
    }

    /// <summary>Cancels the runs after a step.</summary>
    private void Stop(string name, int step)
    {
        using var stop = new CancellationTokenSource();
        var stopping = new Listener(tokens => { if (tokens >= step * plain.Batch * configurations.Length) stop.Cancel(); });
        Assert.Throws<OperationCanceledException>(() => Execute(name, stopping, stop.Token));
    }

    /// <summary>The model is used again and again: it is left.</summary>
    private IReadOnlyList<RunOutcome> Execute(string name, Listener listener, CancellationToken cancellation = default) =>
        SharedRun.Execute(model, data, Entries(name), listener, new SharedRunSettings { LeavesModel = true, HarvestsAhead = false }, cancellation);

    private RunEntry[] Entries(string name) => [.. configurations.Select(o =>
    {
        var run = new RunFolder(folder.File($"{name}/{o.Type}"));
        var origin = new LayerOrigin(model.Identity, $"{o.InputHook}", $"{o.OutputHook}", Context, "float32", 0);
        var description = new RunDescription("1.0.0", o, o.LayerOptions(model.Identity.Width, model.Identity.Width), origin, data.Description, new MemoryPlan(0, 0, 0, 0, 0, 0, 0), Machine.Describe());
        return new RunEntry(run, description, CheckpointFile.Newest(run.CheckpointsFolder));
    })];

    private static PackedContexts Contexts(int count, int seed)
    {
        var random = new Random(seed);
        return new PackedContexts([[.. Enumerable.Range(0, count * Context).Select(_ => random.Next(37))]], count, count, Context);
    }

    private sealed class Listener(Action<long>? advanced = null) : IRunObserver
    {
        private string phase = "";

        public List<(string Run, long Step)> Lines { get; } = [];

        public List<string> Notes { get; } = [];

        public void Begin(string phase, long total, string unit) => this.phase = phase;

        public void Advance(long done)
        {
            if (phase.StartsWith("Training", StringComparison.Ordinal)) advanced?.Invoke(done);
        }

        public void Note(string line) => Notes.Add(line);

        public void Measured(string run, MetricsLine line) => Lines.Add((run, line.Step));
    }
}
