using Mxd.Activations;
using Mxd.Evaluation;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Exploration;

/// <summary>What one layer makes of some contexts.</summary>
/// <param name="Layer">The layer's place among those that are read.</param>
/// <param name="First">Number of the first context.</param>
/// <param name="Count">Contexts.</param>
/// <param name="Inputs">What the layer reads, [Count·T,I].</param>
/// <param name="Codes">Its units on them.</param>
/// <param name="Targets">What it stands in for, [Count·T,O]; null where that is not read.</param>
internal readonly record struct EncodedContexts(int Layer, long First, int Count, Tensor Inputs, SparseCodes Codes, Tensor? Targets);

/// <summary>What layers make of a text: the language model runs once, as far as the last layer's input, whatever the number of layers; layers only encode.</summary>
internal static class EncodedText
{
    /// <summary>Gives the codes of whole contexts, layer by layer, in the order of the text.</summary>
    /// <param name="model">The language model.</param>
    /// <param name="replacements">Layers with units, at any hook points.</param>
    /// <param name="text">The text.</param>
    /// <param name="contexts">Contexts of it, from its beginning; there are as many.</param>
    /// <param name="batchTokens">Tokens in a forward pass, at least one context.</param>
    /// <param name="withTargets">Is what the layers stand in for read too?</param>
    /// <param name="take">Gets them; the tensors are gone afterwards.</param>
    /// <param name="progress">Told the number of contexts done.</param>
    /// <param name="cancellation">Stops between batches.</param>
    public static void Read(
        LanguageModel model, IReadOnlyList<Replacement> replacements, PackedContexts text, long contexts, int batchTokens, bool withTargets, Action<EncodedContexts> take,
        IProgress<long>? progress, CancellationToken cancellation)
    {
        using IDisposable noGrad = no_grad();
        var harvester = new Harvester(model, replacements.SelectMany(r => withTargets ? [r.Input, r.Output] : new[] { r.Input }));
        int batch = Math.Max(1, batchTokens / text.ContextLength);
        for (long done = 0; done < contexts; done += batch)
        {
            cancellation.ThrowIfCancellationRequested();
            using DisposeScope scope = NewDisposeScope();
            int count = (int)Math.Min(batch, contexts - done);
            long start = done;
            using ActivationRows rows = harvester.Harvest(text.ToTensor(Enumerable.Range(0, count).Select(i => start + i)));
            for (int layer = 0; layer < replacements.Count; layer++)
            {
                Replacement replacement = replacements[layer];
                Encode(layer, replacement.Layer, rows[replacement.Input], withTargets ? rows[replacement.Output] : null, text.ContextLength, start, count, take);
            }
            progress?.Report(done + count);
        }
    }

    /// <summary>Encodes rows [B·T,width] of whole contexts, a few at a time where the activations of all units are written out.</summary>
    private static void Encode(int number, ILayer layer, Tensor inputs, Tensor? targets, int length, long first, int count, Action<EncodedContexts> take)
    {
        Device device = layer.Device();
        int atOnce = (int)Math.Max(1, ValidationSet.RowsAtOnce(layer.Options, device) / length);
        for (int done = 0; done < count; done += atOnce)
        {
            using DisposeScope scope = NewDisposeScope();
            int some = Math.Min(atOnce, count - done);
            Tensor x = Some(inputs);
            take(new EncodedContexts(number, first + done, some, x, layer.Encode(x), targets is null ? null : Some(targets)));

            Tensor Some(Tensor rows) => rows.narrow(0, (long)done * length, (long)some * length).to(device).to(ScalarType.Float32);
        }
    }
}
