using Mxd.Tests.Runtime;
using Mxd.Training;

namespace Mxd.Tests.Training;

public sealed class RunForecastTests : IDisposable
{
    /// <summary>So much that no machine is too slow, or too busy, to measure all of these small runs.</summary>
    private static readonly ForecastLimits untimed = new(TimeSpan.FromMinutes(10), 1e6);

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(0.5, 4096, 3.0, 4096, 3.0)] // measured whole
    [InlineData(0.2, 1024, 0.6, 4096, 1.8)] // 0.2 s, and 0.1 s for each 256
    [InlineData(0.0, 256, 0.3, 512, 0.6)] // nothing but tokens
    [InlineData(0.3, 1024, 0.2, 2048, 0.22)] // noise: tokens cost something
    public void StepSeconds_FollowTheTokens_AndWhatAStepCostsWithoutThem(double update, long tokens, double seconds, long batch, double expected) =>
        Assert.Equal(expected, RunForecast.StepSeconds(update, tokens, seconds, batch), 1e-9);

    [Theory]
    [InlineData(1.2, 0.2, 256, 0.3, 4096, 2560)] // a second, at 0.1 s for each 256
    [InlineData(9.0, 0.2, 256, 0.3, 4096, 4096)] // time for all
    [InlineData(0.1, 0.2, 256, 0.3, 4096, 256)] // no time: what was measured must do
    public void ALargerStep_TakesTheTimeThatIsLeft(double allowed, double update, long few, double small, long batch, long expected) =>
        Assert.Equal(expected, RunForecast.TokensWithin(allowed, update, few, small, batch));

    [Theory]
    [InlineData(32, 4, 0, 9)] // 1, 4, 8, ... 32
    [InlineData(33, 4, 0, 10)] // and 33
    [InlineData(33, 4, 8, 7)] // 12, ... 32, 33
    [InlineData(5, 1, 0, 5)]
    [InlineData(1, 25, 0, 1)]
    [InlineData(8, 4, 8, 1)] // a finished run is measured once more
    public void Measurements_AreCountedAsTheRunMakesThem(long steps, long every, long step, long expected) =>
        Assert.Equal(expected, RemainingWork.Measurements(steps, every, step));

    [Fact]
    public void MeasuringFirst_LeavesEveryBitOfTheRunAsItWas_AndTellsWhatToExpect()
    {
        var told = new Listener();
        var unmeasured = new Listener();

        TrainResult measured = Execute("measured", untimed, told);
        TrainResult plain = Execute("plain", ForecastLimits.None, unmeasured);

        RunEstimate expected = Assert.Single(told.Expected)!;
        Assert.Equal(expected, measured.Expected);
        Assert.Equal(measured.Tokens, expected.Tokens);
        Assert.Equal("float32", measured.Precision);
        Assert.Equal(measured.PlannedMemoryBytes, expected.MemoryBytes);
        Assert.Equal(expected.Tokens / expected.Seconds, expected.TokensPerSecond, 1e-6);
        Assert.InRange(expected.TokensPerSecond, 1, Math.Min(expected.HarvestTokensPerSecond, expected.TrainingTokensPerSecond));
        Assert.Null(Assert.Single(unmeasured.Expected));
        Assert.Null(plain.Expected);
        Assert.Equal(plain.Final, measured.Final);
        Assert.Equal(File.ReadAllBytes(Run("plain").LayerFile), File.ReadAllBytes(Run("measured").LayerFile));
    }

    [Fact]
    public void Resume_ExpectsWhatIsLeft_AndNothingOfARunThatIsDone()
    {
        var told = new Listener();
        Execute("run", ForecastLimits.None, new Listener());

        TrainOptions longer = Options() with { Tokens = 3 * Options().Tokens };
        using (PreparedRun resumed = PreparedRun.Resume(longer, Run("run"), told)) TrainingRun.Execute(resumed, told, untimed, default);
        Assert.Equal(2 * Options().Tokens, Assert.Single(told.Expected)!.Tokens);

        using PreparedRun done = PreparedRun.Resume(longer, Run("run"), told);
        Assert.Null(TrainingRun.Execute(done, told).Expected);
        Assert.Single(told.Expected);
    }

    private RunFolder Run(string name) => new(folder.File(name));

    private TrainResult Execute(string name, ForecastLimits limits, Listener listener)
    {
        using PreparedRun run = PreparedRun.New(Options(), Run(name), listener);
        return TrainingRun.Execute(run, listener, limits, default);
    }

    /// <summary>Eight steps on the first layer of the real model.</summary>
    private static TrainOptions Options() => new()
    {
        Model = TestFiles.SharedOrSkip("models", "smollm2-135m-instruct-q4_1.gguf"),
        Layer = 0,
        Text = [TestFiles.SharedOrSkip("data", "text", "validation.jsonl")],
        Experts = 64,
        Hidden = 32,
        K = 4,
        Context = 16,
        Tokens = 1024,
        Batch = 128,
        Buffer = 32,
        ValidationContexts = 8,
        HarvestBatch = 4,
        LogEvery = 4,
    };

    private sealed class Listener : IRunObserver
    {
        public List<RunEstimate?> Expected { get; } = [];

        public void Begin(string phase, long total, string unit)
        {
        }

        public void Advance(long done)
        {
        }

        public void Note(string line)
        {
        }

        public void Expect(RunEstimate? estimate) => Expected.Add(estimate);
    }
}
