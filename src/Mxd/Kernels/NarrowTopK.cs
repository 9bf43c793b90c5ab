using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Kernels;

/// <summary>
/// <see cref="TiledTopK"/> with products of bfloat16: each token's candidates, half as many again as are wanted and at least <see cref="FewestSpare"/> more,
/// are found by values that are near, and scored once more in float32. So the K chosen are those of float32 unless a unit that is among the K
/// largest was not among the candidates: at K = 32 of 21,490 normal values the last candidate is 0.2 standard deviations below the 32nd, and
/// the rounding of a product of 768 terms is 0.002.
/// </summary>
internal sealed unsafe class NarrowTopK(int k, Workers workers) : TiledTopK
{
    private const int FewestSpare = 32;

    /// <summary>Tokens and units a tile: 1 MB of bfloat16.</summary>
    private const int LargestBlock = 512, TileUnits = 1024;

    private const int SmallestBlock = 32;

    /// <summary>Values of W rounded at a time: 16 MB.</summary>
    private const long SharedValues = 1 << 23;

    private readonly TopKCandidates candidates = new(k + Math.Max(k / 2, FewestSpare));
    private readonly NarrowMatrix left = new(), right = new();
    private readonly NarrowMatrix[] tiles = [.. Enumerable.Range(0, workers.Count).Select(_ => new NarrowMatrix())];

    public override int Select(MatrixView x, MatrixView weights, float* bias, long* indices, float* coefficients)
    {
        using DisposeScope scope = NewDisposeScope();
        candidates.Begin(x.Rows);
        Tensor tokens = left.Round(x, workers);
        int step = (int)Math.Max(TileUnits, SharedValues / Math.Max(1, x.Columns) / TileUnits * TileUnits);
        using (TorchThreads.KeepForCaller())
        {
            for (int start = 0; start < weights.Rows; start += step)
                Offer(tokens, weights.FromRow(start, Math.Min(step, weights.Rows - start)), bias + start, start);
        }
        float Score(int token, int unit) => RowMath.Dot(x.Data + token * x.RowStride, weights.Data + unit * weights.RowStride, x.Columns) + bias[unit];
        Func<int, int, float> score = Score;
        return FirstBad(workers, x.Rows, token => candidates.Finish(token, k, score, indices + (nint)token * k, coefficients + (nint)token * k));
    }

    public override void Dispose()
    {
        candidates.Dispose();
        left.Dispose();
        right.Dispose();
        foreach (NarrowMatrix tile in tiles) tile.Dispose();
    }

    private void Offer(Tensor x, MatrixView weights, float* bias, int firstUnit)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor units = right.Round(weights, workers);
        int tokens = (int)x.shape[0], block = Math.Clamp(tokens / (2 * workers.Count), SmallestBlock, LargestBlock);
        workers.ForRanges(tokens, block, (worker, start, end) =>
        {
            for (int unit = 0; unit < weights.Rows; unit += TileUnits)
            {
                int count = Math.Min(TileUnits, weights.Rows - unit);
                OfferTile(tiles[worker], x, units, (start, end), (unit, count), bias + unit, firstUnit + unit);
            }
        });
    }

    private void OfferTile(NarrowMatrix memory, Tensor x, Tensor weights, (int Start, int End) tokens, (int Start, int Count) units, float* bias, int firstUnit)
    {
        TorchThreads.WorkAlone();
        using DisposeScope scope = NewDisposeScope();
        Tensor tile = memory.Ensure(tokens.End - tokens.Start, units.Count);
        tile.addmm_(x.narrow(0, tokens.Start, tokens.End - tokens.Start), weights.narrow(0, units.Start, units.Count).t(), 0, 1);
        ushort* from = NarrowMatrix.Start(tile);
        float* row = stackalloc float[TileUnits];
        for (int token = tokens.Start; token < tokens.End; token++, from += units.Count)
        {
            Narrowing.Widen(from, row, units.Count);
            candidates.Offer(token, row, bias, firstUnit, units.Count);
        }
        GC.KeepAlive(tile);
    }
}
