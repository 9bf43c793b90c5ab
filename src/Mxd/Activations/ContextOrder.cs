using Mxd.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Activations;

/// <summary>
/// The order in which a run visits contexts: each pass over the text is a permutation of its own, drawn from the seed and the number of
/// the pass alone, so any position can be found again without replaying what came before.
/// </summary>
public sealed class ContextOrder(long contexts, long seed)
{
    private long currentPass = -1;
    private long[] permutation = [];

    /// <summary>The context visited at <paramref name="ordinal"/> = 0, 1, 2, ...</summary>
    public long this[long ordinal]
    {
        get
        {
            long pass = ordinal / contexts;
            if (pass != currentPass)
            {
                using DisposeScope scope = NewDisposeScope();
                permutation = Seeds.Permutation(contexts, seed, "contexts", pass).data<long>().ToArray();
                currentPass = pass;
            }
            return permutation[ordinal % contexts];
        }
    }
}
