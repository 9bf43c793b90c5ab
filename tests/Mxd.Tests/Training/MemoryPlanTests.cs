using Mxd.Kernels;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Runtime;
using Mxd.Tests.LanguageModels;
using Mxd.Tests.Runtime;
using Mxd.Training;

namespace Mxd.Tests.Training;

public sealed class MemoryPlanTests : IDisposable
{
    private static readonly TrainOptions options = new() { Model = "tiny.gguf", Layer = 1, Text = ["text.txt"], Experts = 1000 };

    private readonly TemporaryFolder folder = new();
    private readonly ModelFile model;

    public MemoryPlanTests()
    {
        TinyGguf.Write(folder.File("tiny.gguf"));
        model = ModelFile.Open(folder.File("tiny.gguf"));
    }

    public static TheoryData<string, TrainOptions> Larger => new()
    {
        { nameof(MemoryPlan.Buffer), options with { Buffer = options.Buffer + 1 } },
        { nameof(MemoryPlan.Layer), options with { Experts = 1001 } },
        { nameof(MemoryPlan.Layer), options with { Hidden = 49 } },
        { nameof(MemoryPlan.Work), options with { Batch = options.Batch + 1 } },
        { nameof(MemoryPlan.Work), options with { HarvestBatch = 100_000 } },
        { nameof(MemoryPlan.Validation), options with { ValidationContexts = 257 } },
        { nameof(MemoryPlan.Text), options with { ValidationContexts = 257 } },
        { nameof(MemoryPlan.Buffer), options with { Context = 129 } },
    };

    public static TheoryData<TrainOptions> Enormous =>
    [
        options with { Buffer = long.MaxValue / 2, Tokens = long.MaxValue },
        options with { Experts = long.MaxValue / 3 },
        options with { Hidden = long.MaxValue / 3 },
        options with { Batch = long.MaxValue / 3 },
        options with { Experts = 1L << 58 },
    ];

    public void Dispose()
    {
        model.Dispose();
        folder.Dispose();
    }

    [Theory]
    [MemberData(nameof(Larger))]
    public void Plan_GrowsWithEveryOption(string part, TrainOptions larger)
    {
        MemoryPlan before = Plan(options), after = Plan(larger);
        long Part(MemoryPlan plan) => (long)typeof(MemoryPlan).GetProperty(part)!.GetValue(plan)!;
        Assert.True(Part(after) > Part(before), part);
        Assert.True(after.Total > before.Total);
    }

    [Fact]
    public void Plan_HoldsWeightsGradientsAndMoments_AndTheWholeModel()
    {
        using IDisposable dense = ComputePath.Force(ComputeWay.Readable);
        MemoryPlan plan = Plan(options);
        Assert.Equal(4 * 4 * Mixtures.Plain.ParameterCount(options.LayerOptions(12, 12)), plan.Layer);
        Assert.Equal(4 * model.Config.ParameterCount, plan.LanguageModel);
        Assert.Equal(2 * model.Config.ParameterCount, Plan(options with { ModelDtype = "bfloat16" }).LanguageModel);
        Assert.True(Plan(options, textContexts: 5000).Text > plan.Text);
    }

    [Theory]
    [InlineData("mxd", 1000 * (12 + 12))]
    [InlineData("glu-mxd", 1000 * (12 + 12))]
    [InlineData("transcoder", 1000 * (12 + 12))]
    [InlineData("skip-transcoder", 1000 * (12 + 12))]
    [InlineData("sae", 1000 * (12 + 12))]
    public void Plan_OfKernels_HoldsNoGradientsOfUnitRows_AndNothingOfBatchTimesUnits(string type, long unitValues)
    {
        TrainOptions small = options with { Type = type }, twice = small with { Experts = 2000 };
        MemoryPlan dense = Forced(kernels: false, small), kernels = Forced(kernels: true, small);

        Assert.Equal(4 * unitValues, dense.Layer - kernels.Layer);
        Assert.Equal(kernels.Work, Forced(kernels: true, twice).Work);
        Assert.True(Forced(kernels: false, twice).Work - dense.Work >= 4 * 4 * 1000 * options.Batch);
    }

    public static TheoryData<TrainOptions> WithoutKernels =>
    [
        options with { L1 = 0.1 },
        options with { SparsityKind = "batch-topk" },
        options with { Type = "dense", Experts = null },
        options with { Type = "linear", Experts = null },
    ];

    [Theory]
    [MemberData(nameof(WithoutKernels))]
    public void Plan_OfAFormulaWithoutKernels_IsThatOfDenseSteps(TrainOptions o) =>
        Assert.Equal(Forced(kernels: false, o), Forced(kernels: true, o));

    [Fact]
    public void Plan_OfKernels_GrowsWithHiddenWidthBatchAndK()
    {
        long before = Forced(kernels: true, options).Work;

        foreach (TrainOptions larger in new[] { options with { Hidden = 49 }, options with { Batch = 4097 }, options with { K = 33 }, options with { Type = "glu-mxd" }, options with { AuxK = 0.03 } })
            Assert.True(Forced(kernels: true, larger).Work > before, $"{larger.Type}, H {larger.Hidden}, B {larger.Batch}, K {larger.K}");
    }

    [Fact]
    public void RequireAtMost_TakesAPlanThatJustFits()
    {
        MemoryPlan plan = Plan(options);
        plan.RequireAtMost(plan.Total);
        Assert.Throws<MxdInputException>(() => plan.RequireAtMost(plan.Total - 1));
    }

    [Fact]
    public void RequireAtMost_GivesTheNumbersAndAdvice()
    {
        var plan = new MemoryPlan(1_000_000_000, 2_000_000_000, 3_000_000, 4_000_000, 5_000_000, 6_000_000_000, 7_000_000);
        Assert.Equal(
            "The run needs 9.0 GB of memory, but this machine has 8.0 GB; its largest part is the layer and optimizer (6.0 GB): "
            + "lower --experts (or --multiplier), or --hidden.",
            Assert.Throws<MxdInputException>(() => plan.RequireAtMost(8_000_000_000)).Message);
    }

    [Theory]
    [MemberData(nameof(Enormous))]
    public void Plan_RefusesSizesBeyondCounting(TrainOptions enormous) =>
        Assert.Contains("of memory: lower --experts", Assert.Throws<MxdInputException>(() => Plan(enormous)).Message, StringComparison.Ordinal);

    [Fact]
    public void MatchedUnits_RefuseSizesBeyondCounting() =>
        Assert.Throws<MxdInputException>(() => (options with { Experts = null, Multiplier = 1L << 60 }).LayerOptions(576, 576));

    private MemoryPlan Forced(bool kernels, TrainOptions o)
    {
        using IDisposable path = ComputePath.Force(kernels ? ComputeWay.Fast : ComputeWay.Readable);
        return Plan(o with { Device = "cpu" });
    }

    private MemoryPlan Plan(TrainOptions o, long textContexts = 1000) => MemoryPlan.For(o, o.LayerOptions(12, 12), model, textContexts);
}
