using Mxd.Activations;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Metrics;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Evaluation;

/// <summary>Reconstructions for each choice of positions, and the mean target [O] over the first choice.</summary>
internal sealed record MeasuredReconstruction(IReadOnlyList<Reconstruction> Results, Tensor Mean);

/// <summary>Harvests a text at a replacement's hook points and measures the layer on it, leaving out the first positions of each context.</summary>
internal sealed class ReconstructionPass(LanguageModel model, PackedContexts text, EvaluationPass pass, IReadOnlyList<int> skips)
{
    public MeasuredReconstruction Measure(Replacement replacement)
    {
        var harvester = new Harvester(model, replacement.Input, replacement.Output);
        using var mean = new VarianceMeter();
        ReconstructionMeter[] meters = [.. skips.Select(_ => new ReconstructionMeter(replacement.Layer.Options.Units, model.Device))];
        pass.ForEach(0, 0.25, batch =>
        {
            using ActivationRows rows = harvester.Harvest(text.ToTensor(batch));
            for (int i = 0; i < meters.Length; i++)
            {
                Tensor x = Kept(rows[replacement.Input], skips[i]), target = Kept(rows[replacement.Output], skips[i]);
                SparseCodes codes = replacement.Layer.Encode(x);
                meters[i].Add(replacement.Layer.Decode(codes, x), target, codes);
                if (i == 0) mean.Add(target);
            }
        });
        Reconstruction[] results = [.. meters.Select(m => m.Result())];
        foreach (ReconstructionMeter meter in meters) meter.Dispose();
        return new MeasuredReconstruction(results, mean.Mean.to(ScalarType.Float32).clone());
    }

    /// <summary>Rows [B·T,width] at positions from skip on, in float32.</summary>
    private Tensor Kept(Tensor rows, int skip) =>
        rows.view(-1, text.ContextLength, rows.shape[1]).narrow(1, skip, text.ContextLength - skip).reshape(-1, rows.shape[1]).to(ScalarType.Float32);
}
