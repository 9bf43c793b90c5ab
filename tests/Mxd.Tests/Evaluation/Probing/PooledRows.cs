using Mxd.Evaluation.Probing;
using static TorchSharp.torch;

namespace Mxd.Tests.Evaluation.Probing;

internal static class PooledRows
{
    /// <summary>A row a text, a column a unit.</summary>
    public static PooledActivations Of(Tensor rows)
    {
        var pooled = new PooledActivations((int)rows.shape[1], (int)rows.shape[0]);
        for (int text = 0; text < pooled.Texts; text++)
        {
            float[] values = rows[text].to(ScalarType.Float32).data<float>().ToArray();
            int[] active = [.. Enumerable.Range(0, values.Length).Where(unit => values[unit] != 0)];
            pooled.Set(text, active, [.. active.Select(unit => values[unit])]);
        }
        return pooled;
    }
}
