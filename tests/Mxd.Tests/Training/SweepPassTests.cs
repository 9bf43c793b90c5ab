using Mxd.Layers;
using Mxd.Training;

namespace Mxd.Tests.Training;

public class SweepPassTests
{
    private static readonly TrainOptions plain = new() { Model = "tiny", Layer = 1, Text = ["text"], K = 2, Experts = 12, Hidden = 6, Batch = 50, Context = 10 };

    private static readonly Lengthening[] never = [], ended = [new(24, 24)], stopped = [new(9, 24)], twice = [new(24, 24), new(30, 30)];

    [Fact]
    public void Divide_PutsTogetherWhatFits_InOrder()
    {
        Assert.Equal(["a b", "c"], Divide(2, ("a", never), ("b", never), ("c", never)));
    }

    [Fact]
    public void Divide_KeepsApart_WhatWasMadeLongerAtAnotherTime()
    {
        Assert.Equal(["a d", "b f", "c", "e"], Divide(9, ("a", never), ("b", ended), ("c", stopped), ("d", never), ("e", twice), ("f", [.. ended])));
    }

    private static string[] Divide(int most, params (string Name, Lengthening[] Lengthened)[] runs)
    {
        LayerOptions layer = plain.LayerOptions(8, 8);
        IReadOnlyList<SweepPass> passes = SweepPass.Divide(
            runs.Select(r => new SweptRun(r.Name, plain, layer, new RunFolder(r.Name), null, r.Lengthened)), some => new MemoryPlan(0, 0, 0, 0, 0, some.Count, 0), most);
        return [.. passes.Select(pass => string.Join(' ', pass.Runs.Select(r => r.Name)))];
    }
}
