using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Tests.Training;

public class SweepOptionsTests
{
    private static readonly SweepOptions plain = new() { Base = new TrainOptions { Model = "model.gguf", Layer = 3, Text = ["text.jsonl"] } };

    [Fact]
    public void Configurations_AreTheProductOfTheLists_InTheirOrder()
    {
        SweepOptions sweep = plain with { Type = ["transcoder", "mxd"], K = [16, 8], LearningRate = [1e-3, 3e-4], Seed = [4, 2] };

        Assert.Equal(16, sweep.Configurations.Count);
        Assert.Equal(("transcoder", 16, 1e-3, 4L), Shown(sweep.Configurations[0]));
        Assert.Equal(("transcoder", 16, 1e-3, 2L), Shown(sweep.Configurations[1]));
        Assert.Equal(("mxd", 8, 3e-4, 2L), Shown(sweep.Configurations[^1]));
        Assert.All(sweep.Configurations, o => Assert.Equal((4L, 3, "model.gguf"), (o.ShuffleSeed, o.Layer, o.Model)));
        Assert.Empty(SharedOptions.Problems(sweep.Configurations));

        static (string, int, double, long) Shown(TrainOptions o) => (o.Type, o.K!.Value, o.LearningRate, o.Seed);
    }

    [Fact]
    public void Controls_AppearOnceForEachRateAndSeed_AndTheLinearOneOnce()
    {
        SweepOptions sweep = plain with { Type = ["dense", "linear"], K = [8, 16], Experts = [100, 200], LearningRate = [1e-3, 3e-4], Seed = [0, 1] };

        Assert.Equal(4, sweep.Configurations.Count(o => o.Type == "dense"));
        TrainOptions linear = Assert.Single(sweep.Configurations, o => o.Type == "linear");
        Assert.All(sweep.Configurations, o => Assert.Equal((null, null, 0L), (o.K, o.Experts, o.ShuffleSeed)));
        Assert.Empty(linear.Problems());
    }

    [Fact]
    public void WhatATypeHasNoUseFor_IsLeftOut()
    {
        SweepOptions sweep = plain with
        {
            Type = ["mxd", "transcoder", "sae", "dense", "linear"],
            K = [8],
            Multiplier = [4],
            Base = plain.Base with { Hidden = 24, Init = "transpose", AuxK = 0.03, Activation = "relu" },
        };

        Assert.Empty(sweep.Configurations.SelectMany(o => o.Problems()));
        Assert.Equal(["mxd", "transcoder", "sae", "dense", "dense", "linear"], sweep.Configurations.Select(o => o.Type));
        Assert.Equal([24L, null, null, 24L, null, null], sweep.Configurations.Select(o => o.Hidden));
        Assert.Equal([4L, 4L, 4L, null, 4L, null], sweep.Configurations.Select(o => o.Multiplier));
        Assert.Equal(["reference", "transpose", "transpose", "reference", "reference", "reference"], sweep.Configurations.Select(o => o.Init));
    }

    [Fact]
    public void Names_SayTheTypeAndWhatVaries()
    {
        SweepOptions sweep = plain with { Type = ["mxd", "dense", "linear"], K = [8, 16], LearningRate = [1e-3, 3e-4] };

        Assert.Equal(
            ["mxd-k8-lr0.001", "mxd-k8-lr0.0003", "mxd-k16-lr0.001", "mxd-k16-lr0.0003", "dense-lr0.001", "dense-lr0.0003", "linear"], Names(sweep, []));
        Assert.Equal(["mxd", "transcoder"], Names(plain with { Type = ["mxd", "transcoder"], K = [8] }, []));
        Assert.Equal(["mxd-lr0.00003", "mxd-lr1e-9", "mxd-lr1e30"], Names(plain with { Type = ["mxd"], K = [8], LearningRate = [3e-5, 1e-9, 1e30] }, []));
        Assert.Equal(["dense-h24", "dense-x4"], Names(plain with { Type = ["dense"], Multiplier = [4], Base = plain.Base with { Hidden = 24 } }, []));
    }

    [Fact]
    public void Names_ThatAreKnown_StayWhenListsGrow()
    {
        SweepOptions before = plain with { K = [8] }, after = plain with { K = [8, 16], Seed = [0, 1] };
        Dictionary<string, string> known = before.Configurations.ToDictionary(SweepOptions.Key, _ => "mxd");

        Assert.Equal(["mxd", "mxd-k8-s1", "mxd-k16-s0", "mxd-k16-s1"], Names(after, known));
    }

    [Fact]
    public void Lists_AreCheckedThemselves()
    {
        SweepOptions wrong = plain with { Type = ["mxd", "mxd"], Experts = [10], Multiplier = [2], Contexts = -1 };

        Assert.Equal(3, wrong.Problems().Count());
        Assert.Contains("--type has mxd twice: name it once.", wrong.Problems());
        Assert.Empty(plain.Problems());
    }

    [Fact]
    public void Problems_AreToldOnce_WithTheConfigurationsTheyConcern()
    {
        var problems = new SweepProblems(["a", "b", "c", "d", "e"]);
        problems.Add("of all");
        foreach (string name in new[] { "e", "a", "e" }) problems.Add(name, "of two");
        foreach (string name in new[] { "a", "b", "c", "d" }) problems.Add(name, "of four");

        Assert.Equal("of all\ne, a: of two\na, b, c and 1 more: of four", Assert.Throws<MxdInputException>(problems.ThrowIfAny).Message);
    }

    private static IReadOnlyList<string> Names(SweepOptions sweep, Dictionary<string, string> known) => SweepNames.Of(sweep.Configurations, known, SweepOptions.Key);
}
