using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;

namespace Mxd.LanguageModels;

/// <summary>
/// Rotary positions: of the first r values of a head, value i and value i + r/2 turn together by the angle position · base^(-2i/r) / divisor_i;
/// the others stay. Cosines and sines are computed in float32 for as many positions as were asked for, and kept.
/// </summary>
/// <param name="config">r, base and the divisors' rule.</param>
/// <param name="divisors">Divisors from a file, [r/2] in float32, in the place of the rule's; the model's weights own them.</param>
/// <param name="device">Where the heads are.</param>
/// <param name="dtype">The heads' dtype.</param>
internal sealed class RotaryTable(RotaryConfig config, Tensor? divisors, Device device, ScalarType dtype) : IDisposable
{
    private Tensor? cosines, sines;

    /// <summary>Rotates [B,heads,T,head width] at the positions from <paramref name="start"/> on.</summary>
    public Tensor Apply(Tensor heads, long start)
    {
        long positions = heads.shape[2], rest = heads.shape[3] - config.Width;
        if (cosines is null || cosines.shape[0] < start + positions) Extend(start + positions);
        Tensor cosine = cosines!.narrow(0, start, positions), sine = sines!.narrow(0, start, positions);
        Tensor turning = rest == 0 ? heads : heads.narrow(3, 0, config.Width);
        Tensor[] halves = turning.split([config.Width / 2, config.Width / 2], -1);
        Tensor turned = (turning * cosine).addcmul_(cat([halves[1].neg(), halves[0]], -1), sine, One);
        return rest == 0 ? turned : cat([turned, heads.narrow(3, config.Width, rest)], -1);
    }

    public void Dispose()
    {
        cosines?.Dispose();
        sines?.Dispose();
    }

    private void Extend(long positions)
    {
        using DisposeScope scope = NewDisposeScope();
        // Twice the need, so that a text that grows token by token does not make a table for each.
        positions *= 2;
        Tensor half = outer(arange(Zero, Number(positions), One, dtype: ScalarType.Float32, device: device), Frequencies());
        Tensor angles = cat([half, half], -1);
        cosines?.Dispose();
        sines?.Dispose();
        cosines = angles.cos().to(dtype).DetachFromDisposeScope();
        sines = angles.sin().to(dtype).DetachFromDisposeScope();
    }

    private Tensor Frequencies()
    {
        Tensor exponents = arange(Zero, Number(config.Width), Number(2), dtype: ScalarType.Float32, device: device).div_(Number(config.Width));
        Tensor frequencies = pow(tensor(config.Base, device: device), exponents).reciprocal();
        if (divisors is not null) return frequencies / divisors;
        if (config.Scaling is not { } scaling) return frequencies;
        float[] factors = [.. frequencies.cpu().data<float>().Select(f => (float)scaling.Divisor(f))];
        return frequencies / tensor(factors, device: device);
    }
}
