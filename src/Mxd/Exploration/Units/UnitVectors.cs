using Mxd.Layers;
using TorchSharp;
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

    /// <summary>The units whose vectors make the smallest angles with those of one, itself left out.</summary>
    public UnitNeighbours Near(int unit) => Near(this, unit, unit);

    /// <summary>The units whose vectors make the smallest angles with those of a unit of another layer of the same widths.</summary>
    public UnitNeighbours NearTo(UnitVectors other, int unit) => Near(other, unit, null);

    private UnitNeighbours Near(UnitVectors other, int unit, int? without)
    {
        using DisposeScope scope = NewDisposeScope();
        return new UnitNeighbours(Nearest(Encoder, other.Encoder[unit], without), Nearest(Decoder, other.Decoder[unit], without));
    }

    private static NearUnit[] Nearest(Tensor rows, Tensor vector, int? without)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor wide = rows.to(ScalarType.Float32), direction = vector.to(ScalarType.Float32);
        double[] cosines = (wide.mv(direction) / (wide.norm(1) * direction.norm())).to(ScalarType.Float64).cpu().data<double>().ToArray();
        return
        [
            .. Enumerable.Range(0, cosines.Length).Where(i => i != without && double.IsFinite(cosines[i])).OrderByDescending(i => cosines[i]).Take(Shown).Select(i => new NearUnit(i, cosines[i])),
        ];
    }
}
