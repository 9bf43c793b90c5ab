using Mxd.Runtime;

namespace Mxd.Kernels;

/// <summary>The ways a training step may be computed in.</summary>
internal enum ComputeWay
{
    /// <summary>The kernels of this folder, on a CPU.</summary>
    Fast,

    /// <summary>The readable torch definition, on any device.</summary>
    Readable,

    /// <summary>Torch operations that never hold all units of all tokens, on any device.</summary>
    Tiled,
}

/// <summary>
/// Which way a training step takes. On a CPU the kernels are used where the processor has what makes them fast, and the readable definition otherwise;
/// other devices work in tiles. <c>MXD_PATH</c>, fast, readable or tiled, forces one; where there are no kernels for a device, fast forces nothing.
/// </summary>
internal static class ComputePath
{
    public const string Variable = "MXD_PATH";

    private static readonly AsyncLocal<ComputeWay?> forced = new();
    private static readonly string? fromEnvironment = Environment.GetEnvironmentVariable(Variable);

    public static bool UsesKernels => Asked is { } way ? way == ComputeWay.Fast : Sgemm.IsFast;

    /// <summary>Is torch asked for where there might be kernels?</summary>
    public static bool IsForced => Asked is ComputeWay.Readable or ComputeWay.Tiled;

    private static ComputeWay? Asked => forced.Value ?? Parse(fromEnvironment);

    /// <summary>Is a layer on a CPU, or on another device, computed in tiles?</summary>
    public static bool UsesTiles(bool isCpu) => Asked switch
    {
        ComputeWay.Tiled => true,
        ComputeWay.Readable => false,
        _ => !isCpu,
    };

    /// <summary>Forces a way for the current thread of control until the result is disposed.</summary>
    public static IDisposable Force(ComputeWay way)
    {
        var before = new Restore(forced.Value);
        forced.Value = way;
        return before;
    }

    /// <exception cref="MxdInputException">The value is none of them.</exception>
    public static ComputeWay? Parse(string? value) => value switch
    {
        null or "" => null,
        "fast" => ComputeWay.Fast,
        "readable" => ComputeWay.Readable,
        "tiled" => ComputeWay.Tiled,
        _ => throw new MxdInputException(
            $"{Variable} is '{value}'; it may be fast (kernels for CPUs), readable (torch) or tiled (torch, as on GPUs): set one of them, or unset it."),
    };

    private sealed class Restore(ComputeWay? value) : IDisposable
    {
        public void Dispose() => forced.Value = value;
    }
}
