using Mxd.Layers;
using Mxd.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Layers;

public class LinearLayerTests
{
    [Fact]
    public void Fit_IsLeastSquaresOverEveryBatchSoFar()
    {
        using DisposeScope scope = NewDisposeScope();
        LayerOptions options = RandomLayers.Options("linear", 0, 0);
        using ILayer layer = LayerTypes.Get("linear").Initialise(options, 0, CPU);
        using var trainer = new Trainer(layer, LearningRateSchedule.Parse("constant", 1e-3, 0, 10));
        // Offsets and unequal scales, so that the bias and the conditioning are put to the test.
        Tensor x = RandomLayers.Rows(90, 6, seed: 1) * tensor(new float[] { 1, 100, 0.01f, 3, 1, 1 }) + 5;
        Tensor target = RandomLayers.Rows(90, 5, seed: 2) * 2 - 7;
        for (int batch = 0; batch < 3; batch++) trainer.Step(x.narrow(0, 30 * batch, 30), target.narrow(0, 30 * batch, 30));

        Tensor wide = cat([x, ones(90, 1)], 1).to(ScalarType.Float64);
        Tensor solution = linalg.lstsq(wide, target.to(ScalarType.Float64)).Solution;
        GoldenTensors.AssertRelative(matmul(wide, solution), layer.Forward(x), 1e-5, "y");
    }

    [Fact]
    public void Fit_TakesFewerTokensThanTheInputIsWide()
    {
        using DisposeScope scope = NewDisposeScope();
        using ILayer layer = LayerTypes.Get("linear").Initialise(RandomLayers.Options("linear", 0, 0), 0, CPU);
        using var trainer = new Trainer(layer, LearningRateSchedule.Parse("constant", 1e-3, 0, 10));
        Tensor x = RandomLayers.Rows(3, 6, seed: 3), target = RandomLayers.Rows(3, 5, seed: 4);
        trainer.Step(x, target);
        GoldenTensors.AssertRelative(target, layer.Forward(x), 1e-3, "y");
    }
}
