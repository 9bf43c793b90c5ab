using Mxd.Runtime;

namespace Mxd.Kernels;

/// <summary>
/// Which of two ways a training step on a CPU takes: the kernels of this folder, or the readable torch definition. <c>MXD_PATH</c>, fast or
/// readable, forces either; otherwise the kernels are used where the processor has what makes them fast.
/// </summary>
internal static class ComputePath
{
    public const string Variable = "MXD_PATH";

    private static readonly AsyncLocal<bool?> forced = new();
    private static readonly bool byDefault = Parse(Environment.GetEnvironmentVariable(Variable)) ?? Sgemm.IsFast;

    public static bool UsesKernels => forced.Value ?? byDefault;

    /// <summary>Forces a way for the current thread of control until the result is disposed.</summary>
    public static IDisposable Force(bool kernels)
    {
        var before = new Restore(forced.Value);
        forced.Value = kernels;
        return before;
    }

    /// <exception cref="MxdInputException">The value is neither.</exception>
    public static bool? Parse(string? value) => value switch
    {
        null or "" => null,
        "fast" => true,
        "readable" => false,
        _ => throw new MxdInputException($"{Variable} is '{value}'; it may be fast (kernels for CPUs) or readable (torch): set one of them, or unset it."),
    };

    private sealed class Restore(bool? value) : IDisposable
    {
        public void Dispose() => forced.Value = value;
    }
}
