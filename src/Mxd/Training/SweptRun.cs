using Mxd.Interchange;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Runtime;

namespace Mxd.Training;

/// <summary>A configuration of a sweep that is to be trained, with what is known of it before.</summary>
/// <param name="Name">Of its folder.</param>
/// <param name="Options">As the run has them.</param>
/// <param name="Layer">The layer that follows from them.</param>
/// <param name="Folder">Where the run is kept.</param>
/// <param name="Checkpoint">What it goes on from; null for one that begins.</param>
/// <param name="Lengthened">When it was made longer.</param>
public sealed record SweptRun(string Name, TrainOptions Options, LayerOptions Layer, RunFolder Folder, string? Checkpoint, IReadOnlyList<Lengthening> Lengthened)
{
    internal RunEntry Enter(ModelIdentity model, DataDescription data, MemoryPlan plan)
    {
        RunDescription? before = Folder.IsTrained ? Folder.ReadDescription() : null;
        var origin = new LayerOrigin(model, Options.InputHook.ToString(), Options.OutputHook.ToString(), Options.Context, Options.ModelDtype, TrainedTokens: 0);
        var description = new RunDescription(before?.Version ?? RunDescription.CurrentVersion, Options, Layer, origin, data, plan, before?.Machine ?? Machine.Describe());
        return new RunEntry(Folder, description, Checkpoint);
    }
}

/// <summary>Configurations that one pass of the language model trains, and what that will hold in memory.</summary>
public sealed record SweepPass(IReadOnlyList<SweptRun> Runs, MemoryPlan Plan)
{
    /// <summary>
    /// As many at once as fit, in their order: each goes into the first pass that has room for it, and whose runs were made longer when it was. One buffer feeds
    /// a pass, and only those have had the same batches, and will have.
    /// </summary>
    /// <param name="runs">What is to be trained; each fits alone.</param>
    /// <param name="plan">What some configurations take together.</param>
    /// <param name="bytes">What a pass may hold.</param>
    public static IReadOnlyList<SweepPass> Divide(
        IEnumerable<SweptRun> runs, Func<IReadOnlyList<(TrainOptions Options, LayerOptions Layer)>, MemoryPlan> plan, long bytes)
    {
        List<SweepPass> passes = [];
        foreach (SweptRun run in runs)
        {
            int first = passes.FindIndex(pass => pass.Runs[0].Lengthened.SequenceEqual(run.Lengthened) && With(pass.Runs, run).Plan.Total <= bytes);
            if (first < 0) passes.Add(With([], run));
            else passes[first] = With(passes[first].Runs, run);
        }
        return passes;

        SweepPass With(IReadOnlyList<SweptRun> others, SweptRun added)
        {
            SweptRun[] all = [.. others, added];
            return new SweepPass(all, plan([.. all.Select(r => (r.Options, r.Layer))]));
        }
    }
}
