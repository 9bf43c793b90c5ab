using Mxd.Layers;
using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;

namespace Mxd.Training;

/// <summary>What one training step observed, before its update.</summary>
/// <param name="Loss">Terms of the loss on the batch.</param>
/// <param name="L0">Mean number of active units a token.</param>
/// <param name="LearningRate">The rate the update used.</param>
public sealed record StepResult(LossTerms Loss, double L0, double LearningRate);

/// <summary>Turns a layer into a trained one, a batch at a time. It knows no files, no logs and no language model.</summary>
public sealed class Trainer : IDisposable
{
    private readonly LearningRateSchedule schedule;
    private readonly Precision precision;

    public Trainer(ILayer layer, LearningRateSchedule schedule, Precision precision = Precision.Full)
    {
        Layer = layer;
        this.schedule = schedule;
        this.precision = precision;
        Optimizer = new AdamW(layer is IFittedLayer ? [] : [.. layer.Parameters.Where(p => p.IsTrained)]);
        foreach (Parameter parameter in Optimizer.Parameters) parameter.AllocateGradient();
        Firings = Counts();
        SinceFired = Counts();
    }

    public ILayer Layer { get; }

    public AdamW Optimizer { get; }

    /// <summary>Tokens on which each unit was active since the count was last set to zero, int64 [units].</summary>
    public Tensor Firings { get; }

    /// <summary>Tokens since each unit was last active, int64 [units].</summary>
    public Tensor SinceFired { get; }

    /// <summary>Everything but the weights that a trainer going on needs, by name.</summary>
    public IEnumerable<(string Key, Tensor Value)> State
    {
        get
        {
            for (int i = 0; i < Optimizer.Parameters.Count; i++)
            {
                yield return ("first_moment." + Optimizer.Parameters[i].Key, Optimizer.FirstMoments[i]);
                yield return ("second_moment." + Optimizer.Parameters[i].Key, Optimizer.SecondMoments[i]);
            }
            foreach ((string key, Tensor sum) in (Layer as IFittedLayer)?.Sums ?? []) yield return ("sums." + key, sum);
            yield return ("firings", Firings);
            yield return ("since_fired", SinceFired);
        }
    }

    /// <summary>
    /// One update on x [B,I] and target [B,O]; none where the loss is not a number. With unit norm the decoder vectors are rescaled first, and the part of their gradient
    /// along themselves is dropped, so that the update turns them and does not lengthen them.
    /// </summary>
    /// <exception cref="NotFiniteNumberException">The loss, or something on the way to it, is not a number.</exception>
    public StepResult Step(Tensor x, Tensor target)
    {
        using DisposeScope scope = NewDisposeScope();
        double learningRate = schedule.At(Optimizer.Steps);
        var batch = new TrainingBatch(x, target, DeadUnits(), precision);
        TrainingPass pass = Layer is IFittedLayer fitted ? fitted.Fit(batch) : Differentiate(batch);
        if (!double.IsFinite(pass.Loss.Total)) throw new NotFiniteNumberException($"The loss became {pass.Loss.Total}.", pass.Loss.Total);
        Optimizer.Step(learningRate);
        Count(pass.Codes, x.shape[0]);
        double l0 = pass.Codes.ActiveCounts().to(ScalarType.Float64).mean().ToDouble();
        return new StepResult(pass.Loss, l0, learningRate);
    }

    public void Dispose()
    {
        Optimizer.Dispose();
        Firings.Dispose();
        SinceFired.Dispose();
    }

    private TrainingPass Differentiate(TrainingBatch batch)
    {
        Parameter? decoder = Layer.Options.UnitNorm ? Layer.UnitDecoder : null;
        if (decoder is not null) decoder.NormaliseRows();
        TrainingPass pass = Layer.Differentiate(batch);
        if (decoder is not null) decoder.RemoveParallelGradient();
        return pass;
    }

    /// <summary>Units that have not been active for as long as <see cref="AuxiliaryLoss.DeadAfter"/> says, bool [units]; null where none.</summary>
    private Tensor? DeadUnits()
    {
        if (Layer.Options.AuxK is not { } aux) return null;
        Tensor dead = SinceFired >= Number(aux.DeadAfter);
        return dead.any().ToBoolean() ? dead : null;
    }

    private void Count(SparseCodes codes, long tokens)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor fired = zeros_like(Firings);
        codes.CountFirings(fired);
        Firings.add_(fired, One);
        SinceFired.add_(Number(tokens), One).masked_fill_(fired > Zero, Zero);
    }

    private Tensor Counts() => zeros(Layer.Options.Units, dtype: ScalarType.Int64, device: Layer.Device()).DetachFromDisposeScope();
}
