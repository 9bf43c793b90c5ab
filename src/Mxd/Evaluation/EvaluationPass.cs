using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Evaluation;

/// <summary>Goes through a number of contexts in batches, reporting progress and stopping when asked.</summary>
internal sealed class EvaluationPass(int contexts, int batch, IProgress<double>? progress, CancellationToken cancellation)
{
    /// <summary>Calls <paramref name="visit"/> with the numbers of each batch's contexts; the pass spans a part of the whole progress.</summary>
    public void ForEach(double from, double to, Action<IEnumerable<long>> visit)
    {
        for (int done = 0; done < contexts; done += batch)
        {
            cancellation.ThrowIfCancellationRequested();
            using DisposeScope scope = NewDisposeScope();
            int count = Math.Min(batch, contexts - done);
            visit(Enumerable.Range(done, count).Select(i => (long)i));
            progress?.Report(from + (to - from) * (done + count) / contexts);
        }
    }
}
