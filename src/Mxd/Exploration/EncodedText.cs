using Mxd.Activations;
using Mxd.Evaluation;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Exploration;

/// <summary>What layers make of a text: the language model runs once, as far as the last layer's input, whatever the number of layers; layers only encode.</summary>
internal static class EncodedText
{
    /// <summary>Gives the codes of whole contexts, layer by layer, in the order of the text.</summary>
    /// <param name="model">The language model.</param>
    /// <param name="replacements">Layers with units, at any hook points.</param>
    /// <param name="text">The text.</param>
    /// <param name="contexts">Contexts of it, from its beginning; there are as many.</param>
    /// <param name="batchTokens">Tokens in a forward pass, at least one context.</param>
    /// <param name="take">Gets a layer's place, the first context and the codes of that and those after it; the codes are gone afterwards.</param>
    /// <param name="progress">Told the number of contexts done.</param>
    /// <param name="cancellation">Stops between batches.</param>
    public static void Read(
        LanguageModel model, IReadOnlyList<Replacement> replacements, PackedContexts text, long contexts, int batchTokens, Action<int, long, int, SparseCodes> take,
        IProgress<long>? progress, CancellationToken cancellation)
    {
        using IDisposable noGrad = no_grad();
        var harvester = new Harvester(model, replacements.Select(r => r.Input));
        int batch = Math.Max(1, batchTokens / text.ContextLength);
        for (long done = 0; done < contexts; done += batch)
        {
            cancellation.ThrowIfCancellationRequested();
            using DisposeScope scope = NewDisposeScope();
            int count = (int)Math.Min(batch, contexts - done);
            long start = done;
            using ActivationRows rows = harvester.Harvest(text.ToTensor(Enumerable.Range(0, count).Select(i => start + i)));
            for (int i = 0; i < replacements.Count; i++)
            {
                int layer = i;
                Encode(replacements[i].Layer, rows[replacements[i].Input], text.ContextLength, count, (first, some, codes) => take(layer, start + first, some, codes));
            }
            progress?.Report(done + count);
        }
    }

    /// <summary>Encodes rows [B·T,width] of whole contexts, a few at a time where the activations of all units are written out.</summary>
    private static void Encode(ILayer layer, Tensor rows, int length, int count, Action<int, int, SparseCodes> take)
    {
        Device device = layer.Device();
        int atOnce = (int)Math.Max(1, ValidationSet.RowsAtOnce(layer.Options, device) / length);
        for (int done = 0; done < count; done += atOnce)
        {
            using DisposeScope scope = NewDisposeScope();
            int some = Math.Min(atOnce, count - done);
            Tensor x = rows.narrow(0, (long)done * length, (long)some * length);
            take(done, some, layer.Encode(x.to(device).to(ScalarType.Float32)));
        }
    }
}
