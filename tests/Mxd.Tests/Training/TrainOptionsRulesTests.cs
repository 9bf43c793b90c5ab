using Mxd.Training;

namespace Mxd.Tests.Training;

public class TrainOptionsRulesTests
{
    private static readonly TrainOptions good = new() { Model = "model.gguf", Layer = 3, Text = ["text.jsonl"] };

    public static TheoryData<string, TrainOptions> OneProblemEach => new()
    {
        { "--text", good with { Text = [] } },
        { "--type", good with { Type = "moe" } },
        { "--layer", good with { Layer = -1 } },
        { "--k", good with { K = 0 } },
        { "--k", good with { K = 9, Experts = 8 } },
        { "--experts", good with { Experts = 64, Multiplier = 32 } },
        { "--experts", good with { Experts = 0 } },
        { "--multiplier", good with { Multiplier = 0 } },
        { "--hidden", good with { Hidden = 0 } },
        { "--hidden", good with { Type = "transcoder", Hidden = 8 } },
        { "--activation", good with { Activation = "swish" } },
        { "--schedule", good with { Schedule = "step" } },
        { "--warmup", good with { Warmup = -1 } },
        { "--warmup", good with { Warmup = 5, Schedule = "cosine-annealing" } },
        { "--warmup", good with { Warmup = 5, Schedule = "cosine-restarts" } },
        { "--model-dtype", good with { ModelDtype = "float64" } },
        { "--precision", good with { Precision = "half" } },
        { "--lr", good with { LearningRate = 0 } },
        { "--lr", good with { LearningRate = double.NaN } },
        { "--held-out", good with { HeldOut = 0 } },
        { "--held-out", good with { HeldOut = 1 } },
        { "--context", good with { Context = 1 } },
        { "--batch", good with { Batch = 0 } },
        { "--tokens", good with { Tokens = 4095 } },
        { "--tokens", good with { Tokens = -1 } },
        { "--buffer", good with { Buffer = 63 } },
        { "--buffer", good with { Buffer = 0 } },
        { "--buffer", good with { Buffer = 1, Batch = 48 } },
        { "--harvest-batch", good with { HarvestBatch = 0 } },
        { "--validation-contexts", good with { ValidationContexts = 0 } },
        { "--log-every", good with { LogEvery = 0 } },
        { "--checkpoint-every", good with { CheckpointEvery = 0 } },
        { "Hook", good with { Input = "blocks.3.mlp" } },
        { "--output", good with { Output = "blocks.2.hook_mlp_out" } },
    };

    [Fact]
    public void Problems_AreNone_ForTheDefaults() => Assert.Empty(good.Problems());

    [Fact]
    public void Problems_AreNone_AtTheEdges()
    {
        Assert.Empty((good with { K = 8, Experts = 8, Tokens = 4096, Buffer = 64 }).Problems());
        Assert.Empty((good with { Warmup = 1000, Schedule = "cosine", Context = 2, Batch = 1, Buffer = 2 }).Problems());
    }

    [Theory]
    [MemberData(nameof(OneProblemEach))]
    public void Problems_NameTheOption(string option, TrainOptions options)
    {
        string problem = Assert.Single(options.Problems());
        Assert.StartsWith(option + " ", problem, StringComparison.Ordinal);
        Assert.DoesNotContain(problem, char.IsControl);
    }

    [Fact]
    public void Problems_AreListedAllAtOnce()
    {
        TrainOptions bad = good with
        {
            Text = [],
            Type = "moe",
            K = 0,
            Hidden = -4,
            Activation = "swish",
            Schedule = "step",
            LearningRate = -1,
            HeldOut = 2,
            Tokens = 5,
            HarvestBatch = 0,
            Precision = "half",
            ModelDtype = "int8",
            Output = "nowhere",
            LogEvery = -2,
            Warmup = -3,
        };
        string[] options = [.. bad.Problems().Select(p => p.Split(' ')[0])];
        Assert.Equal(options.Distinct(), options);
        Assert.Equal(
            ["--activation", "--harvest-batch", "--held-out", "--hidden", "--k", "--log-every", "--lr", "--model-dtype", "--precision", "--schedule",
                "--text", "--tokens", "--type", "--warmup", "Hook"],
            options.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Problems_SayHowLargeTheBufferMustBe_AndThatIsEnough()
    {
        foreach ((int context, long batch) in new[] { (128, 4096L), (128, 48L), (10, 7L), (7, 100L), (128, 1L), (128, 64L) })
        {
            TrainOptions small = good with { Context = context, Batch = batch, Buffer = 0 };
            string problem = (small with { Buffer = 1 }).Problems().FirstOrDefault() ?? "give at least 1.";
            long least = long.Parse(problem.Split(' ')[^1].TrimEnd('.'));
            Assert.Empty((small with { Buffer = least }).Problems());
            if (least > 1) Assert.Single((small with { Buffer = least - 1 }).Problems());
        }
    }

    [Fact]
    public void Steps_LeaveOutAPartOfABatch()
    {
        TrainOptions options = good with { Tokens = 1000, Context = 128, Batch = 100 };
        Assert.Equal((7, 8), (options.Contexts, options.Steps));
    }
}
