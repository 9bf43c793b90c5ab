namespace Mxd.Kernels;

/// <summary>
/// TopK_K(relu(x Wᵀ + w)) with x [B,I], W [N,I], without a [B,N] matrix: a block of tokens times a few hundred units goes into a buffer that
/// stays in a worker's second-level cache, from where <see cref="TopKCandidates"/> takes what is large.
/// </summary>
internal abstract unsafe class TiledTopK : IDisposable
{
    private const int FinishGrain = 64;

    public static TiledTopK Create(int k, Workers workers) => System.Runtime.Intrinsics.X86.Avx512F.IsSupported
        ? new TiledTopK<Vector512Kernel>(k, workers)
        : new TiledTopK<Vector256Kernel>(k, workers);

    /// <param name="x">[B,I].</param>
    /// <param name="weights">W, [N,I].</param>
    /// <param name="bias">w, [N].</param>
    /// <param name="indices">Chosen units in ascending order, [B,K]; unit 0 where fewer than K are positive.</param>
    /// <param name="coefficients">Their values, [B,K]; there 0.</param>
    /// <returns>The first token with a value that is not a number, or -1.</returns>
    public abstract int Select(MatrixView x, MatrixView weights, float* bias, long* indices, float* coefficients);

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
internal sealed unsafe class TiledTopK<TKernel>(int k, Workers workers) : TiledTopK
    where TKernel : struct, IMicroKernel
{
    /// <summary>Values of W packed at a time: 16 MB.</summary>
    private const long SharedValues = 1 << 22;

    /// <summary>Units a tile: 96 tokens of them are 192 kB.</summary>
    private const int TileUnits = 512;

    private readonly TopKCandidates candidates = new(k);
    private readonly NativeBuffer<float> shared = new();
    private readonly NativeBuffer<float>[] blocks = [.. Enumerable.Range(0, workers.Count).Select(_ => new NativeBuffer<float>())];
    private readonly NativeBuffer<float>[] tiles = [.. Enumerable.Range(0, workers.Count).Select(_ => new NativeBuffer<float>())];

    public override int Select(MatrixView x, MatrixView weights, float* bias, long* indices, float* coefficients)
    {
        candidates.Begin(x.Rows);
        int width = TKernel.Columns, step = (int)Math.Max(width, SharedValues / x.Columns / width * width);
        for (int start = 0; start < weights.Rows; start += step)
            Offer(x, weights.FromRow(start, Math.Min(step, weights.Rows - start)), bias + start, start);
        int chosen = k;
        return FirstBad(workers, x.Rows, token => candidates.Finish(token, indices + (nint)token * chosen, coefficients + (nint)token * chosen));
    }

    public override void Dispose()
    {
        candidates.Dispose();
        shared.Dispose();
        foreach (NativeBuffer<float> buffer in blocks.Concat(tiles)) buffer.Dispose();
    }

    private void Offer(MatrixView x, MatrixView weights, float* bias, int firstUnit)
    {
        var packed = new PackedColumns<TKernel>(weights.Transposed, shared);
        workers.ForEach(packed.Count, (_, panel) => packed.Pack(panel));
        int block = BlockProduct<TKernel>.Rows, panels = TileUnits / TKernel.Columns;
        workers.ForEach((x.Rows + block - 1) / block, (worker, item) =>
        {
            int firstToken = item * block;
            MatrixView tokens = x.FromRow(firstToken, Math.Min(block, x.Rows - firstToken));
            float* left = BlockProduct<TKernel>.Pack(tokens, blocks[worker]);
            float* tile = tiles[worker].Ensure((long)block * TileUnits);
            for (int panel = 0; panel < packed.Count; panel += panels)
            {
                int unit = panel * TKernel.Columns, count = Math.Min(TileUnits, packed.Columns - unit);
                // BlockProduct writes relative to where panel 0 would be.
                BlockProduct<TKernel>.MultiplyPacked(left, tokens, packed, panel, Math.Min(panels, packed.Count - panel), tile - unit, TileUnits);
                for (int i = 0; i < tokens.Rows; i++) candidates.Offer(firstToken + i, tile + i * TileUnits, bias + unit, firstUnit + unit, count);
            }
        });
    }
}
