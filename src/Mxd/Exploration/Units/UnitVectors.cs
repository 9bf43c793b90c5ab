using Mxd.Layers;
using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;

namespace Mxd.Exploration.Units;

/// <summary>The vectors of a layer's units: rows of its encoder, what units look for, and of its decoder, what they do.</summary>
internal sealed record UnitVectors(Tensor Encoder, Tensor Decoder)
{
    private const int Shown = 5;

    /// <summary>Those of a layer; null where it has none.</summary>
    public static UnitVectors? Of(ILayer layer)
    {
        ParameterSpec? encoder = LayerTypes.Get(layer.Options.Type).Specs(layer.Options).FirstOrDefault(spec => spec.Role == ParameterRole.UnitEncoder);
        return encoder is null || layer.UnitDecoder is null ? null : new UnitVectors(layer.Parameter(encoder.Key).Value, layer.UnitDecoder.Value);
    }

    /// <summary>The units whose vectors make the smallest angles with those of each of some, itself left out.</summary>
    public IReadOnlyList<UnitNeighbours> Near(IReadOnlyList<int> units) => Near(this, units, areOwn: true);

    /// <summary>The units whose vectors make the smallest angles with those of each of some units of another layer of the same widths.</summary>
    public IReadOnlyList<UnitNeighbours> NearTo(UnitVectors other, IReadOnlyList<int> units) => Near(other, units, areOwn: false);

    private IReadOnlyList<UnitNeighbours> Near(UnitVectors other, IReadOnlyList<int> units, bool areOwn) =>
        [.. Nearest(Encoder, other.Encoder, units, areOwn).Zip(Nearest(Decoder, other.Decoder, units, areOwn), (encoder, decoder) => new UnitNeighbours(encoder, decoder))];

    /// <summary>Of equal cosines the lower unit goes first; a vector of zeros has no direction and is near to none.</summary>
    private static NearUnit[][] Nearest(Tensor rows, Tensor others, IReadOnlyList<int> units, bool areOwn)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor numbers = tensor([.. units.Select(unit => (long)unit)]).to(rows.device);
        Tensor wide = Unit(rows), directions = Unit(others.index_select(0, numbers));
        Tensor cosines = directions.mm(wide.t());
        if (areOwn) cosines.scatter_(1, numbers.unsqueeze(1), full_like(cosines.narrow(1, 0, 1), Number(double.NaN)));
        cosines = cosines.nan_to_num(double.NegativeInfinity, double.NegativeInfinity, double.NegativeInfinity);
        int shown = (int)Math.Min(Shown, rows.shape[0]);
        (Tensor best, Tensor of) = cosines.topk(shown, dim: 1);
        (float[] values, long[] ids) = (best.contiguous().cpu().data<float>().ToArray(), of.contiguous().cpu().data<long>().ToArray());
        return
        [
            .. Enumerable.Range(0, units.Count).Select(row => Enumerable.Range(row * shown, shown).Where(i => float.IsFinite(values[i]))
                .Select(i => new NearUnit((int)ids[i], values[i])).OrderByDescending(near => near.Cosine).ThenBy(near => near.Unit).ToArray()),
        ];

        static Tensor Unit(Tensor vectors)
        {
            Tensor v = vectors.to(ScalarType.Float32);
            return v / v.norm(1, keepdim: true);
        }
    }
}
