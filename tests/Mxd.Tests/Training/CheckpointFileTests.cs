using Mxd.Activations;
using Mxd.Layers;
using Mxd.Runtime;
using Mxd.Tests.Activations;
using Mxd.Tests.Layers;
using Mxd.Tests.Runtime;
using Mxd.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Training;

public sealed class CheckpointFileTests : IDisposable
{
    private static readonly BufferRun run = new(ContextLength: 6, TextContexts: 9, Capacity: 8, HarvestBatch: 3, TotalContexts: 20, Batch: 15);
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>Types whose trainers have states of different kinds.</summary>
    public static TheoryData<bool, string, string> Kinds => new()
    {
        { true, "mxd", "topk" }, { false, "mxd", "topk" }, { true, "sae", "batch-topk" }, { true, "transcoder", "jumprelu" }, { true, "skip-mxd", "l1" },
        { true, ToyLayer.Name, "plain" }, { true, "dense", "" }, { true, "linear", "" }, { false, "linear", "" },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Restore_GoesOnBitForBit(bool withRows, string type, string sparsity)
    {
        LayerOptions options = Sitting.Options(type, sparsity);
        using DisposeScope scope = NewDisposeScope();
        using Sitting whole = new(seed: 1, options);
        whole.Train(run.Steps);
        for (int stop = 0; stop <= run.Steps; stop++)
        {
            using Sitting first = new(seed: 1, options), second = new(seed: 99, options);
            first.Train(stop);
            Save(first, withRows);
            CheckpointHeader header = CheckpointFile.Restore(CheckpointFile.Newest(folder.Path)!, second.Trainer, second.Buffer);
            Assert.Equal(stop, header.Step);
            foreach (((string key, Tensor value), (_, Tensor restored)) in first.Trainer.State.Zip(second.Trainer.State)) AssertSame(value, restored, key);
            second.Train(run.Steps - stop);
            AssertSame(whole.Trainer, second.Trainer);
        }
    }

    [Fact]
    public void Save_KeepsTheNewestAlone()
    {
        using DisposeScope scope = NewDisposeScope();
        using Sitting sitting = new(seed: 1);
        for (int i = 0; i < 3; i++)
        {
            sitting.Train(1);
            Save(sitting, withRows: true);
        }
        Assert.Equal(CheckpointFile.Newest(folder.Path), Assert.Single(Directory.GetFiles(folder.Path)));
        Assert.Equal(3, CheckpointFile.ReadHeader(CheckpointFile.Newest(folder.Path)!).Step);
    }

    [Fact]
    public void ReadHeader_ReturnsEveryNumber()
    {
        using DisposeScope scope = NewDisposeScope();
        using Sitting sitting = new(seed: 1);
        sitting.Train(2);
        CheckpointHeader written = Save(sitting, withRows: false), read = CheckpointFile.ReadHeader(CheckpointFile.Newest(folder.Path)!);
        Assert.NotEmpty(read.Batches);
        Assert.Equal(written.Batches, read.Batches);
        Assert.Equal(written with { Batches = [] }, read with { Batches = [] });
    }

    [Fact]
    public void Newest_IsNull_WhereThereIsNone()
    {
        Assert.Null(CheckpointFile.Newest(folder.Path));
        Assert.Null(CheckpointFile.Newest(folder.File("absent")));
    }

    [Fact]
    public void ReadHeader_RefusesAnotherFile()
    {
        using DisposeScope scope = NewDisposeScope();
        Mxd.Formats.SafetensorsWriter.Write(folder.File("step-000000001.safetensors"), [("a", zeros(1))]);
        Assert.Contains("not a checkpoint", Assert.Throws<MxdInputException>(
            () => CheckpointFile.ReadHeader(folder.File("step-000000001.safetensors"))).Message, StringComparison.Ordinal);
    }

    private CheckpointHeader Save(Sitting sitting, bool withRows)
    {
        using BufferState state = sitting.Buffer.Save(withRows);
        var header = new CheckpointHeader(
            sitting.Trainer.Optimizer.Steps, 77, state.NextContext, state.Refills, state.HalfLine, state.Batches, 1234, new RunClock(1.5, 2.5, 3, 4.5, 5));
        CheckpointFile.Save(folder.Path, sitting.Trainer, state, header);
        return header;
    }

    private static void AssertSame(Trainer expected, Trainer actual)
    {
        foreach (Parameter parameter in expected.Layer.Parameters)
            GoldenTensors.AssertClose(parameter.Value, actual.Layer.Parameter(parameter.Key).Value, 0, parameter.Key);
        foreach (((string key, Tensor value), (string same, Tensor other)) in expected.State.Zip(actual.State))
        {
            Assert.Equal(key, same);
            AssertSame(value, other, key);
        }
        Assert.Equal(expected.Optimizer.Steps, actual.Optimizer.Steps);
    }

    private static void AssertSame(Tensor expected, Tensor actual, string what)
    {
        if (expected.numel() > 0) GoldenTensors.AssertClose(expected, actual, 0, what);
    }

    /// <summary>A run between two moments at which it is stopped.</summary>
    private sealed class Sitting : IDisposable
    {
        public Sitting(int seed, LayerOptions? given = null)
        {
            LayerOptions options = given ?? Options("mxd", "topk");
            Trainer = new Trainer(RandomLayers.Create(options, seed), LearningRateSchedule.Parse("cosine", 0.01, 2, run.Steps));
            Buffer = run.Start();
        }

        /// <summary>Units count as dead after two steps, so that the auxiliary loss takes part.</summary>
        public static LayerOptions Options(string type, string sparsity)
        {
            LayerOptions options = RandomLayers.Options(type, units: 6, k: 2) with { InputWidth = 4, OutputWidth = 4 };
            return options with
            {
                Sparsity = sparsity switch
                {
                    "" => null,
                    "l1" => new Sparsity.L1(0.01),
                    "batch-topk" => new Sparsity.BatchTopK(2),
                    "jumprelu" => new Sparsity.JumpRelu(0.01, 0.5),
                    _ => options.Sparsity,
                },
                AuxK = sparsity == "topk" ? new AuxiliaryLoss { Coefficient = 0.1, DeadAfter = 30 } : null,
            };
        }

        public Trainer Trainer { get; }

        public ActivationBuffer Buffer { get; }

        public void Train(long steps)
        {
            for (long i = 0; i < steps; i++)
            {
                using ActivationRows rows = Buffer.Next(run.Batch);
                Trainer.Step(rows[BufferRun.Input], rows[BufferRun.Output]);
            }
        }

        public void Dispose()
        {
            Trainer.Layer.Dispose();
            Trainer.Dispose();
            Buffer.Dispose();
        }
    }
}
