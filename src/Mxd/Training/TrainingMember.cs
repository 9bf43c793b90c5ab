using System.Diagnostics;
using Mxd.Activations;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Metrics;
using static TorchSharp.torch;

namespace Mxd.Training;

/// <summary>One configuration of a <see cref="TrainingGroup"/>: its layer in training, the hook points it stands between, and the time it took.</summary>
public sealed class TrainingMember : IDisposable
{
    private readonly Stopwatch time = new();

    public TrainingMember(TrainOptions options, LayerOptions layer, Device device)
    {
        Options = options;
        (Input, Output) = (options.InputHook, options.OutputHook);
        Trainer = new Trainer(
            LayerTypes.Get(options.Type).Initialise(layer, options.Seed, device),
            LearningRateSchedule.Parse(options.Schedule, options.LearningRate, options.Warmup, options.Steps),
            Precisions.Parse(options.Precision));
    }

    public TrainOptions Options { get; }

    public HookPoint Input { get; }

    public HookPoint Output { get; }

    public Trainer Trainer { get; }

    /// <summary>Updates made.</summary>
    public long Step => Trainer.Optimizer.Steps;

    /// <summary>Tokens trained on by this object; a checkpoint's are not among them.</summary>
    public long Tokens { get; private set; }

    /// <summary>Time spent in training steps.</summary>
    public TimeSpan Elapsed => time.Elapsed;

    /// <summary>What ended its training before the end; the others of its group go on.</summary>
    public NotFiniteNumberException? Failure { get; private set; }

    /// <summary>The layer as it is, on held-out rows.</summary>
    public Reconstruction Measure(ValidationSet validation) => validation.Measure(Trainer.Layer, Input, Output);

    public void Dispose()
    {
        Trainer.Layer.Dispose();
        Trainer.Dispose();
    }

    /// <summary>Ends its training.</summary>
    internal void Fail(NotFiniteNumberException reason) => Failure = reason;

    /// <summary>One update; null, with <see cref="Failure"/> set, where the loss is no number.</summary>
    internal StepResult? Take(ActivationRows batch)
    {
        time.Start();
        try
        {
            StepResult result = Trainer.Step(batch[Input], batch[Output]);
            Tokens += batch.Count;
            return result;
        }
        catch (NotFiniteNumberException e)
        {
            Failure = e;
            return null;
        }
        finally
        {
            time.Stop();
        }
    }
}
