using Mxd.Layers;
using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;

namespace Mxd.Exploration;

/// <summary>A unit that is active on a token.</summary>
internal readonly record struct ActiveUnit(int Row, int Unit, float Value);

/// <summary>Codes as a list of the units that are active (coefficient above zero) on each token, on the CPU.</summary>
internal static class ActiveUnits
{
    /// <summary>By row; within one in no particular order.</summary>
    public static IEnumerable<ActiveUnit> Of(SparseCodes codes) => codes is TopKCodes chosen ? OfChosen(chosen) : OfDense(codes.ToDense());

    private static List<ActiveUnit> OfChosen(TopKCodes codes)
    {
        using DisposeScope scope = NewDisposeScope();
        long[] units = codes.Indices.cpu().contiguous().data<long>().ToArray();
        float[] values = codes.Values.to(ScalarType.Float32).cpu().contiguous().data<float>().ToArray();
        int k = (int)codes.Values.shape[1];
        List<ActiveUnit> active = new(values.Length);
        for (int i = 0; i < values.Length; i++)
            if (values[i] > 0) active.Add(new ActiveUnit(i / k, (int)units[i], values[i]));
        return active;
    }

    private static List<ActiveUnit> OfDense(Tensor values)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor dense = values.to(ScalarType.Float32).cpu();
        Tensor places = (dense > Zero).nonzero();
        if (places.shape[0] == 0) return [];
        long[] at = places.data<long>().ToArray();
        float[] found = dense.masked_select(dense > Zero).data<float>().ToArray();
        List<ActiveUnit> active = new(found.Length);
        for (int i = 0; i < found.Length; i++) active.Add(new ActiveUnit((int)at[2 * i], (int)at[2 * i + 1], found[i]));
        return active;
    }
}
