using Mxd.Activations;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Runtime;
using Mxd.Tests.Activations;
using Mxd.Tests.LanguageModels;
using Mxd.Tests.Runtime;
using Mxd.Training;

namespace Mxd.Tests.Training;

/// <summary>Training from activations on disk, beside training from the language model that computed them.</summary>
public sealed class StoredGroupTests : IDisposable
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

    private static readonly TrainOptions[] configurations =
    [
        plain,
        plain with { Type = "transcoder", Hidden = null, Experts = 20, Schedule = "cosine", Seed = 7, DataSeed = 4 },
        plain with { Type = "sae", Hidden = null, Layer = 0, L1 = 0.01, K = null },
    ];

    private static readonly HookPoint[] points = [HookPoint.MlpOutput(0), HookPoint.MlpInput(1), HookPoint.MlpOutput(1)];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void EveryMember_EndsWithTheBitsOfTrainingFromTheModel()
    {
        using TrainingGroup stored = TrainingGroup.Begin(Write(), configurations), computed = Compute();
        for (long step = 0; step < plain.Steps; step++) Assert.Equal(computed.Advance(), stored.Advance());
        for (int i = 0; i < configurations.Length; i++)
        {
            AssertSame(computed.Members[i], stored.Members[i]);
            Assert.Equal(computed.Members[i].Measure(computed.Harvest.Validation), stored.Members[i].Measure(stored.Harvest.Validation));
        }
        Assert.Equal(plain.Tokens, stored.Harvest.Tokens);
    }

    [Fact]
    public void InBfloat16_TrainingIsNearThatFromTheModel()
    {
        using TrainingGroup stored = TrainingGroup.Begin(Write("bfloat16"), configurations), computed = Compute();
        for (long step = 0; step < plain.Steps; step++)
        {
            (StepResult?[] near, StepResult?[] exact) = ([.. stored.Advance()], [.. computed.Advance()]);
            if (step == 0) Assert.Equal(exact[0]!.Loss.Total, near[0]!.Loss.Total, 0.01 * exact[0]!.Loss.Total);
            Assert.NotEqual(exact[0]!.Loss.Total, near[0]!.Loss.Total);
        }
        Assert.InRange(Math.Abs(Fvu(stored) - Fvu(computed)), 0, 0.02);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void AGroup_GoesOnFromACheckpoint_ToTheSameBits(bool withRows)
    {
        ActivationStore store = Write();
        using TrainingGroup whole = TrainingGroup.Begin(store, [plain]), stopped = TrainingGroup.Begin(store, [plain]), resumed = TrainingGroup.Begin(store, [plain]);
        for (long step = 0; step < plain.Steps; step++) whole.Advance();
        for (long step = 0; step < 9; step++) stopped.Advance();
        using (BufferState state = stopped.Harvest.Buffer.Save(withRows))
            CheckpointFile.Save(
                folder.File("run"), stopped.Members[0].Trainer, state,
                new CheckpointHeader(9, plain.Steps, state.NextContext, state.Refills, state.HalfLine, state.Batches, 0, RunClock.Zero));
        CheckpointFile.Restore(CheckpointFile.Newest(folder.File("run"))!, resumed.Members[0].Trainer, resumed.Harvest.Buffer);
        for (long step = 9; step < plain.Steps; step++) resumed.Advance();
        AssertSame(whole.Members[0], resumed.Members[0]);
    }

    [Fact]
    public void Begin_RefusesAPointThatWasNotHarvested_AndLeavesNothingAlive()
    {
        ActivationStore store = Write();
        Assert.Equal(0, LiveTensors.LeftBy(() => Assert.Throws<MxdInputException>(() => TrainingGroup.Begin(store, [plain with { Layer = 2 }]))));
    }

    /// <summary>A buffer of more memory than there is; its own list of what is served may be left.</summary>
    [Fact]
    public void Begin_ThatHasNoRoomForItsBuffer_LeavesNoHeldOutRows()
    {
        ActivationStore store = Write();
        TrainOptions huge = plain with { Tokens = 1L << 50, Buffer = 1L << 50 };
        Assert.InRange(LiveTensors.LeftBy(() => Assert.ThrowsAny<Exception>(() => TrainingGroup.Begin(store, [huge]))), 0, 1);
    }

    [Fact]
    public void Agreement_NamesEveryOptionThatSaysOther_WithBothValues()
    {
        ActivationStore store = Write();
        TrainOptions agreed = StoreAgreement.Adopt(plain, store) with { Layer = 1 };
        Assert.Empty(StoreAgreement.Problems(agreed, store));
        Assert.Equal((1200L, 4L, 3, Context), (agreed.Tokens, agreed.DataSeed, agreed.HarvestBatch, agreed.Context));
        TrainOptions other = agreed with { Context = 12, DataSeed = 5, HarvestBatch = 2, ModelDtype = "bfloat16", HeldOut = 0.1, TextField = "body", ValidationContexts = 257, Tokens = 100_000, Layer = 2 };
        string[] lines = [.. StoreAgreement.Problems(other, store)];
        (string, string)[] expected =
        [
            ("--model-dtype is bfloat16", "with float32"), ("--context is 12", "with 10"), ("--harvest-batch is 2", "with 3"), ("--text-field is body", "with text"),
            ("--held-out is 0.1", "with 0.05"), ("--data-seed is 5", "with 4"), ("--layer is 2", "layers 0, 1"), ("--tokens is 100000", "of 1200 tokens"),
            ("--validation-contexts is 257", "with 256"),
        ];
        Assert.Equal(expected.Length, lines.Length);
        foreach ((string line, (string asked, string stored)) in lines.Zip(expected))
        {
            Assert.StartsWith(asked, line, StringComparison.Ordinal);
            Assert.Contains(stored, line, StringComparison.Ordinal);
        }
    }

    private ActivationStore Write(string dtype = "float32")
    {
        using LanguageModel model = TinyLlama.Create();
        TestStore.Write(folder.Path, model, Contexts(37, seed: 1), Contexts(8, seed: 2), points, plain.Contexts, plain.HarvestBatch, shardContexts: 30, plain.Seed, dtype);
        return ActivationStore.Open(folder.Path);
    }

    private static TrainingGroup Compute() =>
        TrainingGroup.Begin(TinyLlama.Create(), configurations, new TrainingData(Contexts(37, seed: 1), Contexts(8, seed: 2), new DataDescription("hash", 37, 8)), new Silent());

    private static PackedContexts Contexts(int count, int seed)
    {
        var random = new Random(seed);
        return new PackedContexts([[.. Enumerable.Range(0, count * Context).Select(_ => random.Next(37))]], count, count, Context);
    }

    private static double Fvu(TrainingGroup group) => group.Members[0].Measure(group.Harvest.Validation).Fvu;

    private static void AssertSame(TrainingMember expected, TrainingMember actual)
    {
        Assert.Equal(expected.Step, actual.Step);
        foreach (Parameter parameter in expected.Trainer.Layer.Parameters)
            GoldenTensors.AssertClose(parameter.Value, actual.Trainer.Layer.Parameter(parameter.Key).Value, 0, $"{expected.Options.Type}: {parameter.Key}");
    }
}
