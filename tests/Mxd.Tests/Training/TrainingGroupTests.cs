using Mxd.Activations;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Runtime;
using Mxd.Tests.LanguageModels;
using Mxd.Tests.Runtime;
using Mxd.Training;

namespace Mxd.Tests.Training;

/// <summary>Many configurations from one pass, beside a run of its own for each.</summary>
public sealed class TrainingGroupTests : IDisposable
{
    private const int Context = 10;

    private static readonly TrainOptions plain = new()
    {
        Model = "tiny",
        Layer = 1,
        Text = ["text"],
        Type = "mxd",
        K = 2,
        Experts = 12,
        Hidden = 6,
        Tokens = 1200,
        Batch = 50,
        Context = Context,
        Buffer = 16,
        HarvestBatch = 3,
        LearningRate = 1e-2,
        Seed = 4,
        Device = "cpu",
    };

    /// <summary>They differ in everything that may differ.</summary>
    private static readonly TrainOptions[] configurations =
    [
        plain,
        plain with { K = 3, LearningRate = 3e-3 },
        plain with { Type = "transcoder", Hidden = null, Experts = 20, Schedule = "cosine" },
        plain with { Type = "sae", Hidden = null, Layer = 0, L1 = 0.01, K = null },
        plain with { Layer = 2, Type = "skip-transcoder", Hidden = null, Warmup = 5 },
        plain with { Seed = 9, DataSeed = 4 },
        plain with { Input = "blocks.0.hook_resid_pre", Output = "blocks.2.hook_resid_post", Type = "linear", K = null, Experts = null, Hidden = null },
    ];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void EveryMember_EndsWithTheBitsOfARunOfItsOwn(bool ahead)
    {
        using TrainingGroup group = Begin(configurations, ahead);
        List<StepResult?>[] losses = Train(group, plain.Steps);
        for (int i = 0; i < configurations.Length; i++)
        {
            using TrainingGroup alone = Begin([configurations[i]], !ahead);
            Assert.Equal(Assert.Single(Train(alone, plain.Steps)), losses[i]);
            AssertSame(alone.Members[0], group.Members[i]);
            Assert.Equal(alone.Members[0].Measure(alone.Harvest.Validation), group.Members[i].Measure(group.Harvest.Validation));
        }
    }

    [Fact]
    public void ThePass_IsCountedOnce_AndStepsForEveryMember()
    {
        using TrainingGroup group = Begin(configurations, ahead: false);
        Train(group, plain.Steps);
        RunClock clock = group.Clock(TimeSpan.FromSeconds(3));
        Assert.Equal(plain.Tokens, clock.HarvestTokens);
        Assert.Equal(configurations.Length * plain.Tokens, clock.TrainingTokens);
        Assert.Equal(3, clock.TotalSeconds);
        Assert.Equal(group.Members.Sum(m => m.Elapsed.TotalSeconds), clock.TrainingSeconds);
    }

    [Fact]
    public void AMember_WhoseLossIsNoNumber_FailsAlone()
    {
        TrainOptions diverging = plain with { LearningRate = 1e30, NoUnitNorm = true };
        using TrainingGroup group = Begin([plain, diverging], ahead: false), alone = Begin([plain], ahead: false);
        List<StepResult?>[] results = Train(group, plain.Steps);
        Train(alone, plain.Steps);
        Assert.NotNull(group.Members[1].Failure);
        Assert.InRange(group.Members[1].Step, 1, plain.Steps - 1);
        Assert.Null(results[1][^1]);
        Assert.Null(group.Members[0].Failure);
        AssertSame(alone.Members[0], group.Members[0]);
    }

    /// <summary>A sweep that was killed while it saved: one member's checkpoint is older than the other's.</summary>
    [Theory]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public void AGroup_GoesOn_FromCheckpointsOfDifferentSteps(bool withRows, bool ahead)
    {
        using TrainingGroup whole = Begin(configurations, ahead), first = Begin(configurations, ahead), second = Begin(configurations, ahead);
        Train(whole, plain.Steps);
        for (int i = 0; i < configurations.Length; i++)
        {
            // The last member's state is the oldest.
            if (i == 0) Train(first, 13);
            Save(first, i, withRows);
        }
        Train(first, 4);
        for (int i = 0; i < configurations.Length - 1; i++) Save(first, i, withRows);
        for (int i = 0; i < configurations.Length; i++) Restore(second, i);
        Assert.Equal([17, 13], new[] { second.Members[0].Step, second.Members[^1].Step });
        Train(second, plain.Steps - 13);
        for (int i = 0; i < configurations.Length; i++) AssertSame(whole.Members[i], second.Members[i]);
    }

    /// <summary>A member's checkpoint is that of a run: it can go on by itself.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void AMember_GoesOnAlone_FromItsOwnCheckpoint(bool withRows)
    {
        using TrainingGroup whole = Begin(configurations, ahead: false), stopped = Begin(configurations, ahead: true);
        Train(whole, plain.Steps);
        Train(stopped, 11);
        for (int i = 0; i < configurations.Length; i++)
        {
            Save(stopped, i, withRows);
            using TrainingGroup alone = Begin([configurations[i]], ahead: false);
            CheckpointFile.Restore(CheckpointFile.Newest(Folder(i))!, alone.Members[0].Trainer, alone.Harvest.Buffer);
            Train(alone, plain.Steps - 11);
            AssertSame(whole.Members[i], alone.Members[0]);
        }
    }

    [Fact]
    public void Begin_RefusesWhatOnePassHasOnce_AllOfItByName()
    {
        using LanguageModel model = TinyLlama.Create();
        TrainOptions other = plain with { Batch = 60, Context = 12, Buffer = 20, ModelDtype = "bfloat16", Text = ["more"], Seed = 5 };
        string[] lines = Assert.Throws<MxdInputException>(() => TrainingGroup.Begin(model, [plain, other], Data(), new Silent())).Message.Split('\n');
        Assert.Equal(6, lines.Length);
        foreach (string begin in new[] { "--batch is 50 in one configuration and 60", "--context is 10", "--buffer is 16", "--model-dtype is float32", "--text is text", "--data-seed is 4" })
            Assert.Single(lines, line => line.StartsWith(begin, StringComparison.Ordinal));
        Assert.Empty(SharedOptions.Problems(configurations));
    }

    [Fact]
    public void Advance_LeavesNothingAlive()
    {
        using TrainingGroup group = Begin(configurations[..3], ahead: false);
        Train(group, 4);
        Assert.Equal(0, LiveTensors.LeftBy(() => group.Advance()));
    }

    private string Folder(int member) => folder.File($"{member}");

    private static TrainingGroup Begin(IReadOnlyList<TrainOptions> options, bool ahead) =>
        TrainingGroup.Begin(TinyLlama.Create(), options, Data(), new Silent(), ahead);

    private static TrainingData Data() => new(Contexts(37, seed: 1), Contexts(8, seed: 2), new DataDescription("hash", 37, 8));

    private static PackedContexts Contexts(int count, int seed)
    {
        var random = new Random(seed);
        return new PackedContexts([[.. Enumerable.Range(0, count * Context).Select(_ => random.Next(37))]], count, count, Context);
    }

    private static List<StepResult?>[] Train(TrainingGroup group, long steps)
    {
        List<StepResult?>[] results = [.. group.Members.Select(_ => new List<StepResult?>())];
        for (long step = 0; step < steps; step++)
        {
            IReadOnlyList<StepResult?> all = group.Advance();
            for (int i = 0; i < all.Count; i++) results[i].Add(all[i]);
        }
        return results;
    }

    private void Save(TrainingGroup group, int member, bool withRows)
    {
        using BufferState state = group.Harvest.Buffer.Save(withRows);
        CheckpointFile.Save(
            Folder(member), group.Members[member].Trainer, state,
            new CheckpointHeader(group.Members[member].Step, plain.Steps, state.NextContext, state.Refills, state.HalfLine, state.Batches, 0, RunClock.Zero));
    }

    /// <summary>The buffer stands where the member restored last left it.</summary>
    private void Restore(TrainingGroup group, int member) =>
        CheckpointFile.Restore(CheckpointFile.Newest(Folder(member))!, group.Members[member].Trainer, group.Harvest.Buffer);

    private static void AssertSame(TrainingMember expected, TrainingMember actual)
    {
        Assert.Equal(expected.Step, actual.Step);
        foreach (Parameter parameter in expected.Trainer.Layer.Parameters)
            GoldenTensors.AssertClose(parameter.Value, actual.Trainer.Layer.Parameter(parameter.Key).Value, 0, $"{expected.Options.Type}: {parameter.Key}");
    }
}
