using Mxd.LanguageModels;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Activations;

/// <summary>Runs a language model just far enough to read some hook points, all of them in one pass.</summary>
public sealed class Harvester
{
    private readonly LanguageModel model;
    private readonly HookPoint last;

    /// <param name="model">The language model.</param>
    /// <param name="points">At least one; named twice, a point is read once.</param>
    public Harvester(LanguageModel model, params IEnumerable<HookPoint> points)
    {
        this.model = model;
        Points = [.. points.Distinct()];
        if (Points.Count == 0) throw new ArgumentException("No hook point was named.", nameof(points));
        last = Points.Aggregate((furthest, point) => furthest.IsBefore(point) ? point : furthest);
    }

    public IReadOnlyList<HookPoint> Points { get; }

    public ScalarType Dtype => model.Dtype;

    /// <summary>Values a row: every hook point lies on the residual stream or has its width.</summary>
    public long Width => model.Identity.Width;

    /// <summary>Activations of every position of token ids int64 [B,T], as B·T rows in the model's dtype; what comes after the last point is not run.</summary>
    public ActivationRows Harvest(Tensor tokens)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        var kept = new Tensor?[Points.Count];
        IDisposable[] hooks = [.. Points.Select((point, i) => model.Hooks.Add(point, value => Keep(value, ref kept[i])))];
        try
        {
            model.RunTo(model.Embed(tokens), last);
        }
        catch
        {
            foreach (Tensor? rows in kept) rows?.Dispose();
            throw;
        }
        finally
        {
            foreach (IDisposable hook in hooks) hook.Dispose();
        }
        return new ActivationRows(Points, kept!);
    }

    /// <summary>A block disposes what it made when it ends, so the rows are kept under a handle of their own.</summary>
    private static Tensor Keep(Tensor value, ref Tensor? kept)
    {
        kept = value.reshape(-1, value.shape[^1]).DetachFromDisposeScope();
        return value;
    }
}
