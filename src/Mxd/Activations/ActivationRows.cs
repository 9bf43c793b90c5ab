using Mxd.LanguageModels;
using static TorchSharp.torch;

namespace Mxd.Activations;

/// <summary>What a language model computed at some hook points on the same tokens: for each point a tensor [n,width], row by row.</summary>
/// <param name="points">The points, each once.</param>
/// <param name="values">A tensor a point, in the same order; owned by this.</param>
public sealed class ActivationRows(IReadOnlyList<HookPoint> points, IReadOnlyList<Tensor> values) : IDisposable
{
    public IReadOnlyList<HookPoint> Points => points;

    public IReadOnlyList<Tensor> Values => values;

    /// <summary>n.</summary>
    public long Count => values[0].shape[0];

    /// <summary>The rows [n,width] of one point.</summary>
    /// <exception cref="ArgumentException">The point is not among those that were read.</exception>
    public Tensor this[HookPoint point]
    {
        get
        {
            for (int i = 0; i < points.Count; i++)
                if (points[i] == point) return values[i];
            throw new ArgumentException($"Hook point {point} was not read; there are {string.Join(", ", points)}.", nameof(point));
        }
    }

    /// <summary>New rows made of those of each point.</summary>
    public ActivationRows Select(Func<Tensor, Tensor> make) => new(points, [.. values.Select(make)]);

    public void Dispose()
    {
        foreach (Tensor value in values) value.Dispose();
    }
}
