using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Kernels;

/// <summary>
/// <see cref="TiledTopK"/> with products of bfloat16: each token's candidates, half as many again as are wanted and at least <see cref="FewestSpare"/> more,
/// are found by values that are near, and scored once more in float32. So the K chosen are those of float32 unless a unit that is among the K
/// largest was not among the candidates: at K = 32 of 21,490 normal values the last candidate is 0.2 standard deviations below the 32nd of 3,
/// where the terms' rounding is off by 0.002 and the result's by at most 0.008.
/// </summary>
internal sealed unsafe class NarrowTopK(int k, HiddenUnits? activation, Workers workers) : TiledTopK
{
    private const int FewestSpare = 32;

    /// <summary>Tokens and units a tile: 0.5 MB of bfloat16. The same for any number of workers, so that the products are.</summary>
    private const int BlockTokens = 256, TileUnits = TopKCandidates.LargestTile;

    /// <summary>Values of W rounded at a time: 16 MB.</summary>
    private const long SharedValues = 1 << 23;

    private readonly TopKCandidates candidates = new(k + Math.Max(k / 2, FewestSpare));
    private readonly NarrowMatrix left = new(), right = new(), rightFactor = new();
    private readonly NarrowMatrix[] tiles = Matrices(workers), factorTiles = Matrices(workers);

    public override int Select(MatrixView x, EncoderView encoder, long* indices, float* coefficients)
    {
        using DisposeScope scope = NewDisposeScope();
        candidates.Begin(x.Rows);
        Tensor tokens = left.Round(x, workers);
        int step = (int)Math.Max(TileUnits, SharedValues / Math.Max(1, x.Columns) / TileUnits * TileUnits);
        using (TorchThreads.KeepForCaller())
        {
            for (int start = 0; start < encoder.Units; start += step) Offer(tokens, encoder.FromUnit(start, Math.Min(step, encoder.Units - start)), start);
        }
        Func<int, int, float> score = (token, unit) => Score(x.Data + token * x.RowStride, encoder.FromUnit(unit, 1));
        return FirstBad(workers, x.Rows, token => candidates.Finish(token, k, score, indices + (nint)token * k, coefficients + (nint)token * k));
    }

    public override void Dispose()
    {
        candidates.Dispose();
        left.Dispose();
        right.Dispose();
        rightFactor.Dispose();
        foreach (NarrowMatrix tile in tiles.Concat(factorTiles)) tile.Dispose();
    }

    private static NarrowMatrix[] Matrices(Workers workers) => [.. Enumerable.Range(0, workers.Count).Select(_ => new NarrowMatrix())];

    /// <summary>A unit's value on a token in float32.</summary>
    private float Score(float* x, EncoderView unit)
    {
        float p = RowMath.Dot(x, unit.Weights.Data, unit.Weights.Columns);
        if (activation is null) return p + *unit.Bias;
        float factor = unit.Factor is { } v ? RowMath.Dot(x, v.Data, v.Columns) : 0;
        activation.Values(&p, unit.Bias, unit.Factor is null ? null : &factor, unit.FactorBias, 1);
        return p;
    }

    private void Offer(Tensor x, EncoderView encoder, int firstUnit)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor weights = right.Round(encoder.Weights, workers);
        Tensor? factor = encoder.Factor is { } v ? rightFactor.Round(v, workers) : null;
        workers.ForRanges((int)x.shape[0], BlockTokens, (worker, start, end) =>
        {
            TorchThreads.WorkAlone();
            for (int unit = 0; unit < encoder.Units; unit += TileUnits)
            {
                using DisposeScope inner = NewDisposeScope();
                int count = Math.Min(TileUnits, encoder.Units - unit);
                Tensor rows = x.narrow(0, start, end - start);
                Tensor tile = Multiply(tiles[worker], rows, weights.narrow(0, unit, count));
                Tensor? factorTile = factor is null ? null : Multiply(factorTiles[worker], rows, factor.narrow(0, unit, count));
                OfferTile(tile, factorTile, start, encoder.FromUnit(unit, count), firstUnit + unit);
            }
        });
    }

    private static Tensor Multiply(NarrowMatrix memory, Tensor x, Tensor weights)
    {
        Tensor tile = memory.Ensure(x.shape[0], weights.shape[0]);
        NarrowMatrix.Multiply(x, weights.t(), tile);
        return tile;
    }

    private void OfferTile(Tensor tile, Tensor? factorTile, int firstToken, EncoderView encoder, int firstUnit)
    {
        ushort* from = NarrowMatrix.Start(tile), factorFrom = factorTile is null ? null : NarrowMatrix.Start(factorTile);
        float* row = stackalloc float[TileUnits], factor = stackalloc float[TileUnits];
        for (int i = 0; i < tile.shape[0]; i++)
        {
            Narrowing.Widen(from + (nint)i * encoder.Units, row, encoder.Units);
            if (factorTile is not null) Narrowing.Widen(factorFrom + (nint)i * encoder.Units, factor, encoder.Units);
            candidates.Offer(firstToken + i, row, factorTile is null ? null : factor, encoder, activation, firstUnit);
        }
        GC.KeepAlive(tile);
        GC.KeepAlive(factorTile);
    }
}
