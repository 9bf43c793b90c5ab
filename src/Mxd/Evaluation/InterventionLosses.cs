using Mxd.LanguageModels;
using Mxd.Metrics;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Evaluation;

/// <summary>
/// Runs a language model as it is and under a number of interventions, sharing what comes before each, and keeps one loss a context.
/// </summary>
public sealed class InterventionLosses(LanguageModel model, IReadOnlyList<Intervention> interventions, IReadOnlyList<int> skips)
{
    /// <summary>Series by what is left out at the start of a context: one set for each entry of <c>skips</c>.</summary>
    public IReadOnlyList<LossSeries> Series { get; } = [.. skips.Select(skip => new LossSeries(skip, interventions.Count))];

    /// <summary>Adds contexts, token ids int64 [B,T].</summary>
    public void Add(Tensor tokens)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Dictionary<int, Tensor> residuals = [];
        Tensor x = model.Embed(tokens);
        int done = 0;
        foreach (int layer in interventions.Select(i => i.FirstLayer).Distinct().Order())
        {
            x = residuals[layer] = model.RunLayers(x, done, layer);
            done = layer;
        }
        Tensor hidden = Finish(x, done);
        Tensor[] altered = [.. interventions.Select(i => Alter(i, residuals[i.FirstLayer]))];
        ComparedLosses losses = NextTokenLoss.Compare(model, hidden, altered, tokens);
        foreach (LossSeries series in Series) series.Add(losses);
    }

    private Tensor Alter(Intervention intervention, Tensor residual)
    {
        using IDisposable applied = intervention.Apply();
        return Finish(residual, intervention.FirstLayer);
    }

    private Tensor Finish(Tensor residual, int from) => model.FinalNorm(model.RunLayers(residual, from, model.Identity.Layers));
}

/// <summary>Mean losses of each context: the model's own and those of each intervention.</summary>
/// <param name="skip">Positions left out at the start of each context.</param>
public sealed class LossSeries(int skip, int interventions)
{
    public ContextSeries Model { get; } = new();

    public IReadOnlyList<ContextSeries> CrossEntropy { get; } = [.. Enumerable.Range(0, interventions).Select(_ => new ContextSeries())];

    public IReadOnlyList<ContextSeries> Kl { get; } = [.. Enumerable.Range(0, interventions).Select(_ => new ContextSeries())];

    internal void Add(ComparedLosses losses)
    {
        Model.AddRange(Means(losses.CrossEntropy));
        for (int i = 0; i < CrossEntropy.Count; i++)
        {
            CrossEntropy[i].AddRange(Means(losses.AlteredCrossEntropy[i]));
            Kl[i].AddRange(Means(losses.Divergence[i]));
        }
    }

    /// <summary>Mean over the predictions [B,T-1] made at positions from skip on, a number a context.</summary>
    private double[] Means(Tensor losses)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor kept = losses.narrow(1, skip, losses.shape[1] - skip);
        return kept.to(ScalarType.Float64).mean([1]).cpu().data<double>().ToArray();
    }
}
