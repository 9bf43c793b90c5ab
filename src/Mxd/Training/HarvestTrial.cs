using Mxd.Activations;
using Mxd.LanguageModels;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Training;

/// <summary>Takes contexts through a language model, or from the disk, as runs will, so that the time can be measured; what comes of it is thrown away.</summary>
internal sealed class HarvestTrial : IDisposable
{
    private readonly Action<int> take;
    private readonly IDisposable? owned;

    /// <param name="model">The language model.</param>
    /// <param name="text">The runs' text.</param>
    /// <param name="points">Hook points that are read.</param>
    public HarvestTrial(LanguageModel model, PackedContexts text, IEnumerable<HookPoint> points)
    {
        var harvester = new Harvester(model, points);
        take = contexts =>
        {
            using DisposeScope scope = NewDisposeScope();
            using ActivationRows rows = harvester.Harvest(text.ToTensor(Enumerable.Range(0, contexts).Select(i => (long)i % text.Count)));
            // On an accelerator the work is only done when its result is asked for.
            rows.Values[^1].cpu();
        };
    }

    /// <param name="store">Activations on disk.</param>
    /// <param name="points">Hook points that are read.</param>
    public HarvestTrial(ActivationStore store, IEnumerable<HookPoint> points)
    {
        StoredActivations rows = store.Read(points);
        (owned, IsStored) = (rows, true);
        take = contexts => rows.Harvest(0, (int)Math.Min(contexts, store.Harvest.Contexts)).Dispose();
    }

    /// <summary>Do activations come from disk?</summary>
    public bool IsStored { get; }

    public void Take(int contexts) => take(contexts);

    public void Dispose() => owned?.Dispose();
}
