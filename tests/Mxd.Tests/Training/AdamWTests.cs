using Mxd.Tests.Layers;
using Mxd.Training;
using TorchSharp;
using static TorchSharp.torch;
using Parameter = Mxd.Layers.Parameter;

namespace Mxd.Tests.Training;

public class AdamWTests
{
    [Theory]
    [InlineData(1e-3)]
    [InlineData(0.1)]
    public void Step_EqualsTorchsAdamW_OverTwentySteps(double rate)
    {
        using DisposeScope scope = NewDisposeScope();
        (long Rows, long Width)[] shapes = [(1, 1), (7, 1), (5, 3), (11, 2)];
        Parameter[] own = [.. shapes.Select((shape, i) => new Parameter($"p{i}", RandomLayers.Rows(shape.Rows, shape.Width, i)))];
        TorchSharp.Modules.Parameter[] theirs = [.. own.Select(p => new TorchSharp.Modules.Parameter(p.Value.clone()))];
        using var optimizer = new AdamW(own);
        using var reference = optim.AdamW(theirs, rate, 0.9, 0.999, 1e-8, 0);
        for (int step = 0; step < 20; step++)
        {
            for (int i = 0; i < own.Length; i++)
            {
                own[i].AllocateGradient();
                // Some gradients are nearly zero, so that ε counts.
                own[i].SetGradient(randn_like(own[i].Value) * (step % 5 == 0 ? 1e-8 : 1));
                theirs[i].grad = own[i].Gradient.clone();
            }
            optimizer.Step(rate);
            reference.step();
        }
        Assert.Equal(20, optimizer.Steps);
        for (int i = 0; i < own.Length; i++) GoldenTensors.AssertRelative(theirs[i], own[i].Value, 1e-6, own[i].Key);
        foreach (Parameter parameter in own) parameter.Dispose();
    }

    [Fact]
    public void Step_LeavesNothingAlive()
    {
        using DisposeScope scope = NewDisposeScope();
        using var parameter = new Parameter("p", RandomLayers.Rows(5, 3, 1));
        parameter.AllocateGradient();
        using var optimizer = new AdamW([parameter]);
        optimizer.Step(0.1);
        Assert.Equal(0, LiveTensors.LeftBy(() =>
        {
            optimizer.Step(0.1);
            return optimizer;
        }));
    }
}
