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
    /// <summary>Final hidden states held at once; each group takes the model's own logits once more.</summary>
    private const int ComparedAtOnce = 12;

    /// <summary>Series by what is left out at the start of a context: one set for each entry of <c>skips</c>.</summary>
    public IReadOnlyList<LossSeries> Series { get; } = [.. skips.Select(skip => new LossSeries(skip, interventions.Count))];

    /// <summary>Adds contexts, token ids int64 [B,T].</summary>
    public void Add(Tensor tokens)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        // Of the model as it is (-1) and of each intervention, the residual stream entering the layers from which others go on.
        Dictionary<(int Of, int Layer), Tensor> residuals = [];
        Tensor hidden = Finish(model.Embed(tokens), 0, -1, residuals);
        List<ComparedLosses> compared = [];
        foreach (int[] some in Enumerable.Range(0, interventions.Count).Chunk(ComparedAtOnce))
        {
            Tensor[] altered = [.. some.Select(i => Alter(i, residuals))];
            compared.Add(NextTokenLoss.Compare(model, hidden, altered, tokens));
            foreach (Tensor state in altered) state.Dispose();
        }
        if (compared.Count == 0) compared.Add(NextTokenLoss.Compare(model, hidden, [], tokens));
        var losses = new ComparedLosses(compared[0].CrossEntropy, [.. compared.SelectMany(c => c.AlteredCrossEntropy)], [.. compared.SelectMany(c => c.Divergence)]);
        foreach (LossSeries series in Series) series.Add(losses);
    }

    private Tensor Alter(int number, Dictionary<(int, int), Tensor> residuals)
    {
        Intervention one = interventions[number];
        using IDisposable applied = one.Apply();
        return Finish(residuals[(one.After ?? -1, one.FirstLayer)], one.FirstLayer, number, residuals);
    }

    /// <summary>Runs the layers that are left, keeping the residual stream wherever an intervention goes on from this one.</summary>
    private Tensor Finish(Tensor residual, int from, int number, Dictionary<(int, int), Tensor> residuals)
    {
        foreach (int layer in interventions.Where(i => (i.After ?? -1) == number).Select(i => i.FirstLayer).Distinct().Order())
        {
            residual = residuals[(number, layer)] = model.RunLayers(residual, from, layer);
            from = layer;
        }
        return model.FinalNorm(model.RunLayers(residual, from, model.Identity.Layers));
    }
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
