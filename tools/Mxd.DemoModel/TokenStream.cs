using Mxd.Runtime;
using static TorchSharp.torch;

namespace Mxd.DemoModel;

/// <summary>
/// Documents one after another, each followed by a separator, cut into pieces of a context's length. Every pass over the text cuts it at other
/// places and takes the pieces in another order; a piece is predicted from a first token and itself.
/// </summary>
internal sealed class TokenStream(int[] tokens, int firstToken, int contextLength, int batch, long seed)
{
    private int pass = -1, offset;
    private long[] order = [];

    private int Pieces => (tokens.Length / contextLength) - 1;

    private int BatchesAPass => Pieces / batch;

    /// <summary>Tokens [B,T] and what follows each of them, of a step counted from 0.</summary>
    public (Tensor Tokens, Tensor Targets) Batch(long step)
    {
        Enter((int)(step / BatchesAPass));
        int first = (int)(step % BatchesAPass) * batch;
        var inputs = new long[batch * contextLength];
        var targets = new long[batch * contextLength];
        for (int b = 0; b < batch; b++)
        {
            int start = offset + ((int)order[first + b] * contextLength);
            for (int t = 0; t < contextLength; t++)
            {
                inputs[(b * contextLength) + t] = t == 0 ? firstToken : tokens[start + t - 1];
                targets[(b * contextLength) + t] = tokens[start + t];
            }
        }
        return (tensor(inputs).reshape(batch, contextLength), tensor(targets).reshape(batch, contextLength));
    }

    private void Enter(int wanted)
    {
        if (wanted == pass) return;
        pass = wanted;
        offset = (int)((ulong)Seeds.Derive(seed, "offset", pass) % (ulong)contextLength);
        using Tensor shuffled = Seeds.Permutation(Pieces, seed, "pieces", pass);
        order = shuffled.data<long>().ToArray();
    }
}
