using TorchSharp;

namespace Mxd.Runtime;

/// <summary>
/// Numbers for torch. A <see cref="Scalar"/> that TorchSharp makes of a number by itself is nobody's: once its address has been read, another thread may collect and free it while the
/// operation still runs, and the operation then reads another number or none ("Expected false to be true"). It takes two threads that work, as when the
/// language model runs ahead of training. Those made here are kept until their thread has made as many more. Nothing in the library lets TorchSharp convert a number: a test sees to it.
/// </summary>
internal static class Scalars
{
    /// <summary>More than any operation takes.</summary>
    private const int KeptCount = 64;

    [ThreadStatic]
    private static Scalar[]? kept;

    [ThreadStatic]
    private static int next;

    /// <summary>What sums are scaled by: <c>a.add(b, One)</c> is a + b.</summary>
    public static Scalar One { get; } = 1.ToScalar();

    public static Scalar Zero { get; } = 0.ToScalar();

    public static Scalar Number(double value) => Keep(value.ToScalar());

    public static Scalar Number(long value) => Keep(value.ToScalar());

    public static Scalar Number(int value) => Keep(value.ToScalar());

    public static Scalar Number(bool value) => Keep(value.ToScalar());

    private static Scalar Keep(Scalar made)
    {
        kept ??= new Scalar[KeptCount];
        next = (next + 1) % KeptCount;
        return kept[next] = made;
    }
}
