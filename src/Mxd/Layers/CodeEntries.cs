using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>A unit whose coefficient on a token is not zero.</summary>
internal readonly record struct CodeEntry(int Row, int Unit, float Value);

/// <summary>Codes as a list of the coefficients that are not zero, on the CPU.</summary>
internal static class CodeEntries
{
    /// <summary>By row; within one in no particular order.</summary>
    public static List<CodeEntry> Of(SparseCodes codes) => codes is TopKCodes chosen ? OfChosen(chosen) : OfDense(codes.ToDense());

    private static List<CodeEntry> OfChosen(TopKCodes codes)
    {
        using DisposeScope scope = NewDisposeScope();
        long[] units = codes.Indices.cpu().contiguous().data<long>().ToArray();
        float[] values = codes.Values.to(ScalarType.Float32).cpu().contiguous().data<float>().ToArray();
        int k = (int)codes.Values.shape[1];
        List<CodeEntry> entries = new(values.Length);
        for (int i = 0; i < values.Length; i++)
            if (values[i] != 0) entries.Add(new CodeEntry(i / k, (int)units[i], values[i]));
        return entries;
    }

    private static List<CodeEntry> OfDense(Tensor values)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor dense = values.to(ScalarType.Float32).cpu();
        Tensor isThere = dense != Zero;
        Tensor places = isThere.nonzero();
        if (places.shape[0] == 0) return [];
        long[] at = places.data<long>().ToArray();
        float[] found = dense.masked_select(isThere).data<float>().ToArray();
        List<CodeEntry> entries = new(found.Length);
        for (int i = 0; i < found.Length; i++) entries.Add(new CodeEntry((int)at[2 * i], (int)at[2 * i + 1], found[i]));
        return entries;
    }
}
