using Mxd.Layers;
using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;

namespace Mxd.Exploration.Units;

/// <summary>
/// The vectors of a layer's units: rows of its encoder, what units look for, and what they do: rows of a dictionary's decoder, and of a mixture c_n with each value times the length of D's column,
/// so that the cosine of two of them is that of the maps W_n = D diag(c_n), whatever is divided between C and D.
/// </summary>
internal sealed record UnitVectors(Tensor Encoder, Tensor Decoder, bool IsMixture)
{
    private const int Shown = 5;

    /// <summary>Those of a layer, in tensors of the caller's dispose scope; null where it has none.</summary>
    public static UnitVectors? Of(ILayer layer)
    {
        ParameterSpec? encoder = LayerTypes.Get(layer.Options.Type).Specs(layer.Options).FirstOrDefault(spec => spec.Role == ParameterRole.UnitEncoder);
        if (encoder is null || layer.UnitDecoder is not { } decoder) return null;
        bool isMixture = layer.Parameters.Any(p => p.Key == LayerReport.Scales);
        using DisposeScope scope = NewDisposeScope();
        Tensor vectors = decoder.Value;
        if (isMixture)
        {
            // All are zero before training.
            Tensor lengths = layer.Parameter("W_dec").Value.norm(0, keepdim: true);
            if (lengths.max().ToDouble() > 0) vectors = vectors * lengths;
        }
        return new UnitVectors(layer.Parameter(encoder.Key).Value, vectors.MoveToOuterDisposeScope(), isMixture);
    }

    /// <summary>The units whose vectors make the smallest angles with those of each of some, itself left out.</summary>
    public IReadOnlyList<UnitNeighbours> Near(IReadOnlyList<int> units) =>
        Neighbours(Nearest(Encoder, Encoder, units, areOwn: true), Nearest(Decoder, Decoder, units, areOwn: true));

    /// <summary>
    /// The units whose vectors make the smallest angles with those of each of some units of another layer of the same widths. What experts do is not compared: each mixture has learnt a hidden layer of
    /// its own, and the signs of D's columns are as good as any others.
    /// </summary>
    public IReadOnlyList<UnitNeighbours> NearTo(UnitVectors other, IReadOnlyList<int> units) => Neighbours(
        Nearest(Encoder, other.Encoder, units, areOwn: false), IsMixture ? [.. units.Select(_ => Array.Empty<NearUnit>())] : Nearest(Decoder, other.Decoder, units, areOwn: false));

    private static UnitNeighbours[] Neighbours(NearUnit[][] encoder, NearUnit[][] decoder) => [.. encoder.Zip(decoder, (looks, does) => new UnitNeighbours(looks, does))];

    /// <summary>A vector of zeros has no direction and is near to none.</summary>
    private static NearUnit[][] Nearest(Tensor rows, Tensor others, IReadOnlyList<int> units, bool areOwn)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor numbers = tensor([.. units.Select(unit => (long)unit)]).to(rows.device), wide = rows.to(ScalarType.Float32);
        Tensor directions = others.index_select(0, numbers).to(ScalarType.Float32);
        Tensor cosines = directions.mm(wide.t()) / (directions.norm(1, keepdim: true) * wide.norm(1).unsqueeze(0));
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
    }
}
