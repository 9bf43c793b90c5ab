using Mxd.Activations;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Metrics;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Evaluation;

/// <summary>Reconstructions for each choice of positions, and the mean target [O] over the first choice.</summary>
internal sealed record MeasuredReconstruction(IReadOnlyList<Reconstruction> Results, Tensor Mean);

/// <summary>Harvests a text at the hook points of replacements, once for all, and measures each layer on it, leaving out the first positions of each context.</summary>
internal sealed class ReconstructionPass(LanguageModel model, PackedContexts text, EvaluationPass pass, IReadOnlyList<int> skips)
{
    public IReadOnlyList<MeasuredReconstruction> Measure(IReadOnlyList<Replacement> replacements)
    {
        var harvester = new Harvester(model, replacements.SelectMany(r => new[] { r.Input, r.Output }));
        Dictionary<HookPoint, VarianceMeter> means = replacements.Select(r => r.Output).Distinct().ToDictionary(point => point, _ => new VarianceMeter());
        ReconstructionMeter[][] meters = [.. replacements.Select(r => skips.Select(_ => new ReconstructionMeter(r.Layer.Options.Units, model.Device)).ToArray())];
        try
        {
            pass.ForEach(0, 0.25, batch =>
            {
                using ActivationRows rows = harvester.Harvest(text.ToTensor(batch));
                foreach ((HookPoint point, VarianceMeter mean) in means) mean.Add(Kept(rows[point], skips[0]));
                foreach ((Replacement replacement, ReconstructionMeter[] own) in replacements.Zip(meters)) Add(replacement, own, rows);
            });
            return [.. replacements.Zip(meters, (r, own) => new MeasuredReconstruction([.. own.Select(m => m.Result())], means[r.Output].Mean.to(ScalarType.Float32).clone()))];
        }
        finally
        {
            foreach (IDisposable meter in meters.SelectMany(own => own).Concat<IDisposable>(means.Values)) meter.Dispose();
        }
    }

    private void Add(Replacement replacement, ReconstructionMeter[] meters, ActivationRows rows)
    {
        for (int i = 0; i < meters.Length; i++)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor x = Kept(rows[replacement.Input], skips[i]), target = Kept(rows[replacement.Output], skips[i]);
            SparseCodes codes = replacement.Layer.Encode(x);
            meters[i].Add(replacement.Layer.Decode(codes, x), target, codes);
        }
    }

    /// <summary>Rows [B·T,width] at positions from skip on, in float32.</summary>
    private Tensor Kept(Tensor rows, int skip) =>
        rows.view(-1, text.ContextLength, rows.shape[1]).narrow(1, skip, text.ContextLength - skip).reshape(-1, rows.shape[1]).to(ScalarType.Float32);
}
