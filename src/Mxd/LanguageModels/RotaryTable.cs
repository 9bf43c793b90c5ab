using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.LanguageModels;

/// <summary>
/// Rotary positions: value i of a head of width d and value i + d/2 turn together by the angle position · base^(-2i/d).
/// Cosines and sines are computed in float32 for as many positions as were asked for, and kept.
/// </summary>
internal sealed class RotaryTable(int headWidth, float rotaryBase, Tensor? factors, Device device, ScalarType dtype) : IDisposable
{
    private Tensor? cosines, sines;

    /// <summary>Rotates [B,heads,T,headWidth], positions 0 to T - 1.</summary>
    public Tensor Apply(Tensor heads)
    {
        long positions = heads.shape[2];
        if (cosines is null || cosines.shape[0] < positions) Extend(positions);
        Tensor cosine = cosines!.narrow(0, 0, positions);
        Tensor sine = sines!.narrow(0, 0, positions);
        Tensor[] halves = heads.split([headWidth / 2, headWidth / 2], -1);
        Tensor turned = cat([halves[1].neg(), halves[0]], -1);
        return (heads * cosine).addcmul_(turned, sine, 1);
    }

    public void Dispose()
    {
        cosines?.Dispose();
        sines?.Dispose();
        factors?.Dispose();
    }

    private void Extend(long positions)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor exponents = arange(0, headWidth, 2, dtype: ScalarType.Float32, device: device) / headWidth;
        Tensor frequencies = pow(tensor(rotaryBase, device: device), exponents).reciprocal();
        if (factors is not null) frequencies = frequencies / factors;
        Tensor half = outer(arange(positions, dtype: ScalarType.Float32, device: device), frequencies);
        Tensor angles = cat([half, half], -1);
        cosines?.Dispose();
        sines?.Dispose();
        cosines = angles.cos().to(dtype).DetachFromDisposeScope();
        sines = angles.sin().to(dtype).DetachFromDisposeScope();
    }
}
