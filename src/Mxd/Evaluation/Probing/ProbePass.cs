using System.Runtime.InteropServices;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Evaluation.Probing;

/// <summary>What a layer makes of texts, one value a text for each unit and each output.</summary>
/// <param name="Units">Of its units.</param>
/// <param name="Output">Of its output, [texts,O] on the CPU; owned by this.</param>
public sealed record PooledLayer(PooledActivations Units, Tensor Output) : IDisposable
{
    /// <summary>Are all of them numbers?</summary>
    public bool IsFinite
    {
        get
        {
            using DisposeScope scope = NewDisposeScope();
            return Units.IsFinite && Output.isfinite().all().ToBoolean();
        }
    }

    public void Dispose() => Output.Dispose();
}

/// <summary>
/// Runs texts through a language model, one context each, as far as the last layer's input, and layers on what it computes there. The first token, which all texts
/// have in common, is left out of what is pooled. Texts of similar length go together; what is padded is never looked at.
/// </summary>
/// <param name="model">The language model.</param>
/// <param name="texts">Token ids of each text, at least one, the first token not among them.</param>
/// <param name="firstToken">The id put before each.</param>
/// <param name="pooling">What becomes of the tokens of a text.</param>
/// <param name="batchTokens">Tokens in a forward pass, padding included; at least one text.</param>
/// <param name="sliceRows">Tokens encoded at once, at least one text; by default as many as a layer's memory takes.</param>
public sealed class ProbePass(LanguageModel model, IReadOnlyList<int[]> texts, int firstToken, Pooling pooling, int batchTokens = 2048, long? sliceRows = null)
{
    /// <summary>Reads all texts once for any number of layers, which may be at different hook points.</summary>
    /// <param name="layers">Layers with units.</param>
    /// <param name="progress">Told the number of texts done.</param>
    /// <param name="inPlace">
    /// Layers that stand in for the model's while it reads: each of <paramref name="layers"/> is then at the place of one of them, and is given what that one is given. Null: the model
    /// reads as it is.
    /// </param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <returns>One for each layer, in their order; the caller's to dispose.</returns>
    public IReadOnlyList<PooledLayer> Read(
        IReadOnlyList<Replacement> layers, IProgress<long>? progress = null, ReplacementSet? inPlace = null, CancellationToken cancellation = default)
    {
        using IDisposable noGrad = no_grad();
        List<PooledLayer> pooled = [];
        try
        {
            foreach (Replacement layer in layers)
                pooled.Add(new PooledLayer(new PooledActivations((int)layer.Layer.Options.Units, texts.Count), zeros(texts.Count, layer.Layer.Options.OutputWidth).DetachFromDisposeScope()));
            TextPooler[] poolers = [.. layers.Select(layer => new TextPooler((int)layer.Layer.Options.Units, pooling))];
            var reader = new LayerInputs(model, layers, inPlace);
            long done = 0;
            foreach (int[] batch in Batches())
            {
                cancellation.ThrowIfCancellationRequested();
                using DisposeScope scope = NewDisposeScope();
                int length = 1 + texts[batch[^1]].Length;
                IReadOnlyList<Tensor> rows = reader.Read(Tokens(batch, length));
                for (int i = 0; i < layers.Count; i++) Pool(layers[i].Layer, rows[i], batch, length, poolers[i], pooled[i]);
                progress?.Report(done += batch.Length);
            }
            return pooled;
        }
        catch
        {
            foreach (PooledLayer layer in pooled) layer.Dispose();
            throw;
        }
    }

    /// <summary>Numbers of texts that go through the model together, from short ones to long ones.</summary>
    private IEnumerable<int[]> Batches()
    {
        List<int> batch = [];
        foreach (int text in Enumerable.Range(0, texts.Count).OrderBy(text => texts[text].Length))
        {
            if (batch.Count > 0 && (batch.Count + 1) * (1 + texts[text].Length) > batchTokens)
            {
                yield return [.. batch];
                batch.Clear();
            }
            batch.Add(text);
        }
        if (batch.Count > 0) yield return [.. batch];
    }

    /// <summary>Ids [B,T]; a causal model does not see, at a text's tokens, what follows them.</summary>
    private Tensor Tokens(int[] batch, int length)
    {
        var ids = new long[batch.Length * length];
        Array.Fill(ids, firstToken);
        for (int row = 0; row < batch.Length; row++)
            for (int t = 0; t < texts[batch[row]].Length; t++) ids[row * length + 1 + t] = texts[batch[row]][t];
        return tensor(ids, batch.Length, length);
    }

    /// <summary>Encodes and decodes as many whole texts at a time as the layer's memory takes.</summary>
    private void Pool(ILayer layer, Tensor rows, int[] batch, int length, TextPooler pooler, PooledLayer pooled)
    {
        Device device = layer.Device();
        int atOnce = (int)Math.Max(1, (sliceRows ?? ValidationSet.RowsAtOnce(layer.Options, device)) / length);
        for (int done = 0; done < batch.Length; done += atOnce)
        {
            using DisposeScope scope = NewDisposeScope();
            int start = done;
            int[] some = batch[done..Math.Min(done + atOnce, batch.Length)];
            long[] content = [.. some.SelectMany((text, row) => Enumerable.Range(0, texts[text].Length).Select(t => (long)(start + row) * length + 1 + t))];
            Tensor x = rows.index_select(0, tensor(content).to(rows.device)).to(device).to(ScalarType.Float32);
            SparseCodes codes = layer.Encode(x);
            Tensor y = layer.Decode(codes, x).cpu();
            Span<CodeEntry> entries = CollectionsMarshal.AsSpan(CodeEntries.Of(codes));
            for (int i = 0, row = 0, entry = 0; i < some.Length; i++)
            {
                int tokens = texts[some[i]].Length, end = entry;
                while (end < entries.Length && entries[end].Row < row + tokens) end++;
                (int[] units, float[] values) = pooler.Pool(entries[entry..end], row, tokens);
                pooled.Units.Set(some[i], units, values);
                using (DisposeScope ofText = NewDisposeScope()) pooled.Output[some[i]].copy_(PoolRows(y.narrow(0, row, tokens)));
                (row, entry) = (row + tokens, end);
            }
        }
    }

    private Tensor PoolRows(Tensor rows) => pooling switch
    {
        Pooling.Mean => rows.mean([0]),
        Pooling.Max => rows.amax([0]),
        _ => rows[-1],
    };
}
