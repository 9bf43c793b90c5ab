using Mxd.Layers;

namespace Mxd.Evaluation;

/// <summary>Runs whose layers are held at once, as many as memory takes; the others get passes of their own.</summary>
public static class RunGroups
{
    /// <summary>Bytes of a layer's weights.</summary>
    public static long WeightBytes(EvalRun run) => sizeof(float) * LayerTypes.Get(run.Saved.Layer.Type).ParameterCount(run.Saved.Layer);

    /// <summary>As many at once as may be held, at least one, in their order.</summary>
    /// <param name="runs">The runs.</param>
    /// <param name="cost">Bytes that one takes.</param>
    /// <param name="bytes">Bytes that may be taken.</param>
    public static IReadOnlyList<EvalRun[]> Divide(IReadOnlyList<EvalRun> runs, Func<EvalRun, long> cost, long bytes)
    {
        List<EvalRun[]> parts = [];
        for (int start = 0; start < runs.Count;)
        {
            long used = 0;
            EvalRun[] part = [.. runs.Skip(start).TakeWhile((run, i) => (used += cost(run)) <= bytes || i == 0)];
            parts.Add(part);
            start += part.Length;
        }
        return parts;
    }
}
