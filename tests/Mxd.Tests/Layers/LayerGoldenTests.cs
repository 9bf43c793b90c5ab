using System.Globalization;
using Mxd.Formats;
using Mxd.Interchange;
using Mxd.Kernels;
using Mxd.Layers;
using Mxd.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Layers;

/// <summary>The published implementation's layers over some training steps: forward, gradients, losses and final weights.</summary>
[Trait("Category", "Golden")]
public class LayerGoldenTests
{
    private static readonly Dictionary<string, string> schedules = new()
    {
        ["constant"] = "constant",
        ["constantwithwarmup"] = "constant",
        ["linearwarmupdecay"] = "linear-decay",
        ["cosineannealingwarmup"] = "cosine",
        ["cosineannealing"] = "cosine-annealing",
        ["cosineannealingwarmrestarts"] = "cosine-restarts",
    };

    public static TheoryData<string> Files => TestFiles.FindGolden("layers", "*.safetensors");

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Files))]
    public void Layer_FollowsTheReferenceThroughTraining_OnEveryPath(string file)
    {
        foreach (ComputeWay way in Enum.GetValues<ComputeWay>())
        {
            using IDisposable path = ComputePath.Force(way);
            Follow(file);
        }
    }

    private static void Follow(string file)
    {
        using DisposeScope scope = NewDisposeScope();
        using SafetensorsFile golden = SafetensorsFile.Open(TestFiles.GoldenPath(file, ".safetensors"));
        LayerOptions options = new ReferenceConfig(golden.Metadata).ToOptions();
        using ILayer layer = LayerTypes.Get(options.Type).FromStored(options, key => golden.Read("init." + key), CPU);
        using var trainer = new Trainer(layer, Schedule(golden.Metadata));
        Tensor x = golden.Read("x"), y = golden.Read("y");

        GoldenTensors.AssertClose(golden.Read("init_acts"), layer.Encode(x[0]).ToDense(), 1e-5, "init_acts");
        GoldenTensors.AssertClose(golden.Read("init_out"), layer.Forward(x[0]), 1e-5, "init_out");
        long steps = x.shape[0];
        for (int step = 0; step < steps; step++) Follow(golden, trainer, step, x[step], y[step]);
        foreach (Parameter parameter in layer.Parameters)
            GoldenTensors.AssertRelative(golden.Read("final." + parameter.Key), parameter.AsStored(), 1e-3, "final." + parameter.Key);
        GoldenTensors.AssertRelative(golden.Read("final_out"), layer.Forward(x[0]), 1e-3, "final_out");
    }

    private static void Follow(SafetensorsFile golden, Trainer trainer, int step, Tensor x, Tensor y)
    {
        using DisposeScope scope = NewDisposeScope();
        trainer.Optimizer.KeepsGradients = step == 0;
        StepResult result = trainer.Step(x, y);
        Close("lr", result.LearningRate, 1e-7 * result.LearningRate);
        Close("mse", result.Loss.NormScaledMse, 1e-5);
        Close("l1", result.Loss.L1 ?? 0, 1e-5);
        Close("loss", result.Loss.Total - (trainer.Layer.Options.Sparsity is Sparsity.TopK ? 1 : 0), 1e-5);
        Close("l0", result.L0, 1e-5);
        if (step > 0) return;
        foreach (Parameter parameter in trainer.Layer.Parameters.Where(p => p.IsTrained))
        {
            Tensor gradient = parameter.StoredTransposed ? parameter.Gradient.t() : parameter.Gradient;
            GoldenTensors.AssertRelative(golden.Read("grad0." + parameter.Key), gradient, 1e-4, "grad0." + parameter.Key);
        }

        void Close(string name, double actual, double tolerance) =>
            Assert.True(Math.Abs(golden.Read(name)[step].ToDouble() - actual) <= tolerance, $"{name} of step {step}: {actual}");
    }

    private static LearningRateSchedule Schedule(IReadOnlyDictionary<string, string> metadata) => LearningRateSchedule.Parse(
        schedules[metadata["lr_scheduler_name"]],
        double.Parse(metadata["lr"], CultureInfo.InvariantCulture),
        long.Parse(metadata["lr_warm_up_steps"], CultureInfo.InvariantCulture),
        long.Parse(metadata["steps"], CultureInfo.InvariantCulture));
}
