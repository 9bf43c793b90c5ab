namespace Mxd.Kernels;

/// <summary>
/// TopK_K(u) with u [B,N] of an <see cref="EncoderView"/>, without a [B,N] matrix: a block of tokens times a few hundred units goes into a buffer
/// that stays in a worker's second-level cache, from where <see cref="TopKCandidates"/> takes what is large.
/// </summary>
internal abstract unsafe class TiledTopK : IDisposable
{
    private const int FinishGrain = 64;

    /// <param name="k">Units a token.</param>
    /// <param name="activation">act; null for relu without a second factor, where the largest values are the largest products.</param>
    /// <param name="workers">Who works.</param>
    public static TiledTopK Create(int k, HiddenUnits? activation, Workers workers) => System.Runtime.Intrinsics.X86.Avx512F.IsSupported
        ? new TiledTopK<Vector512Kernel>(k, activation, workers)
        : new TiledTopK<Vector256Kernel>(k, activation, workers);

    /// <param name="x">[B,I].</param>
    /// <param name="encoder">Of the N units.</param>
    /// <param name="indices">Chosen units in ascending order, [B,K]; unit 0 where fewer than K are positive.</param>
    /// <param name="coefficients">Their values, [B,K]; there 0.</param>
    /// <returns>The first token with a value that is not a number, or -1.</returns>
    public abstract int Select(MatrixView x, EncoderView encoder, long* indices, float* coefficients);

    public abstract void Dispose();

    /// <summary>The first token that <paramref name="finish"/> refuses, or -1.</summary>
    protected static int FirstBad(Workers workers, int tokens, Func<int, bool> finish)
    {
        int first = int.MaxValue;
        workers.ForRanges(tokens, FinishGrain, (_, start, end) =>
        {
            for (int token = start; token < end; token++)
            {
                if (finish(token)) continue;
                int seen = Volatile.Read(ref first);
                while (token < seen && Interlocked.CompareExchange(ref first, token, seen) is var found && found != seen) seen = found;
            }
        });
        return first == int.MaxValue ? -1 : first;
    }
}

/// <summary>See <see cref="TiledTopK"/>.</summary>
internal sealed unsafe class TiledTopK<TKernel>(int k, HiddenUnits? activation, Workers workers) : TiledTopK
    where TKernel : struct, IMicroKernel
{
    /// <summary>Values of W packed at a time: 16 MB.</summary>
    private const long SharedValues = 1 << 22;

    /// <summary>Units a tile: 96 tokens of them are 192 kB.</summary>
    private const int TileUnits = 512;

    private readonly TopKCandidates candidates = new(k);
    private readonly NativeBuffer<float> shared = new(), sharedFactor = new();
    private readonly NativeBuffer<float>[] blocks = Buffers(workers), tiles = Buffers(workers);

    public override int Select(MatrixView x, EncoderView encoder, long* indices, float* coefficients)
    {
        candidates.Begin(x.Rows);
        int width = TKernel.Columns, step = (int)Math.Max(width, SharedValues / x.Columns / width * width);
        for (int start = 0; start < encoder.Units; start += step) Offer(x, encoder.FromUnit(start, Math.Min(step, encoder.Units - start)), start);
        int chosen = k;
        return FirstBad(workers, x.Rows, token => candidates.Finish(token, indices + (nint)token * chosen, coefficients + (nint)token * chosen));
    }

    public override void Dispose()
    {
        candidates.Dispose();
        shared.Dispose();
        sharedFactor.Dispose();
        foreach (NativeBuffer<float> buffer in blocks.Concat(tiles)) buffer.Dispose();
    }

    private static NativeBuffer<float>[] Buffers(Workers workers) => [.. Enumerable.Range(0, workers.Count).Select(_ => new NativeBuffer<float>())];

    private PackedColumns<TKernel> Pack(MatrixView weights, NativeBuffer<float> buffer)
    {
        var packed = new PackedColumns<TKernel>(weights.Transposed, buffer);
        workers.ForEach(packed.Count, (_, panel) => packed.Pack(panel));
        return packed;
    }

    private void Offer(MatrixView x, EncoderView encoder, int firstUnit)
    {
        PackedColumns<TKernel> weights = Pack(encoder.Weights, shared);
        PackedColumns<TKernel>? factor = encoder.Factor is { } v ? Pack(v, sharedFactor) : null;
        int block = BlockProduct<TKernel>.Rows, panels = TileUnits / TKernel.Columns;
        workers.ForEach((x.Rows + block - 1) / block, (worker, item) =>
        {
            int firstToken = item * block;
            MatrixView tokens = x.FromRow(firstToken, Math.Min(block, x.Rows - firstToken));
            float* left = BlockProduct<TKernel>.Pack(tokens, blocks[worker]);
            float* tile = tiles[worker].Ensure(2L * block * TileUnits), factorTile = factor is null ? null : tile + (nint)block * TileUnits;
            for (int panel = 0; panel < weights.Count; panel += panels)
            {
                int unit = panel * TKernel.Columns, used = Math.Min(panels, weights.Count - panel);
                // BlockProduct writes relative to where panel 0 would be.
                BlockProduct<TKernel>.MultiplyPacked(left, tokens, weights, panel, used, tile - unit, TileUnits);
                if (factor is { } second) BlockProduct<TKernel>.MultiplyPacked(left, tokens, second, panel, used, factorTile - unit, TileUnits);
                var tileUnits = encoder.FromUnit(unit, Math.Min(TileUnits, encoder.Units - unit));
                for (int i = 0; i < tokens.Rows; i++)
                {
                    float* factorRow = factor is null ? null : factorTile + (nint)i * TileUnits;
                    candidates.Offer(firstToken + i, tile + (nint)i * TileUnits, factorRow, tileUnits, activation, firstUnit + unit);
                }
            }
        });
    }
}
