namespace Mxd.Runtime;

/// <summary>
/// Are products of bfloat16 worth while on this processor? <c>MXD_BFLOAT16</c>, fast or slow, says so where the processor's own word is not to be
/// taken: to try the mixed precision of another machine on this one.
/// </summary>
internal static class Bfloat16
{
    public const string Variable = "MXD_BFLOAT16";

    private static readonly AsyncLocal<bool?> forced = new();
    private static readonly string? fromEnvironment = Environment.GetEnvironmentVariable(Variable);

    public static bool IsFast => forced.Value ?? Parse(fromEnvironment) ?? IsNative;

    /// <summary>Has the processor instructions for it?</summary>
    public static bool IsNative { get; } = Processor.Describe().HasNarrowProducts;

    /// <summary>Forces either for the current thread of control until the result is disposed.</summary>
    public static IDisposable Force(bool isFast)
    {
        var before = new Restore(forced.Value);
        forced.Value = isFast;
        return before;
    }

    /// <exception cref="MxdInputException">The value is neither.</exception>
    public static bool? Parse(string? value) => value switch
    {
        null or "" => null,
        "fast" => true,
        "slow" => false,
        _ => throw new MxdInputException($"{Variable} is '{value}'; it may be fast (products of bfloat16 are used) or slow (they are computed in float32): set one of them, or unset it."),
    };

    private sealed class Restore(bool? value) : IDisposable
    {
        public void Dispose() => forced.Value = value;
    }
}
