namespace Mxd.Layers;

/// <summary>
/// How much of a [B,N] or [B,K,width] tensor there is at a time: <see cref="Tokens"/> times <see cref="Units"/> values, 64 MB of float32 by default.
/// </summary>
/// <param name="Tokens">Tokens a tile of the encoder's product has.</param>
/// <param name="Units">Units it has.</param>
internal sealed record Tiles(long Tokens = 4096, long Units = 4096)
{
    /// <summary>Tokens whose values fit into one tile; one, where a token's do not.</summary>
    public long TokensOf(long valuesPerToken) => Math.Max(1, Tokens * Units / Math.Max(1, valuesPerToken));

    /// <summary>0 to <paramref name="length"/> in steps; the last may be shorter. Nothing is cut into one piece of nothing.</summary>
    public static IEnumerable<(long Start, long Count)> Cut(long length, long step)
    {
        long start = 0;
        do
        {
            yield return (start, Math.Min(step, length - start));
            start += step;
        }
        while (start < length);
    }
}
