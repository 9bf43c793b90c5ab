namespace Mxd.Formats;

/// <summary>One metadata value.</summary>
/// <param name="Type">Its type in the file.</param>
/// <param name="ElementType">Its elements' type, where it is an array.</param>
/// <param name="Content">
/// The .NET value of that type (<see cref="string"/>, <see cref="uint"/>, ...); for an array a .NET array of it (<c>string[]</c>,
/// <c>int[]</c>, ...), and <c>GgufValue[]</c> for an array of arrays.
/// </param>
public sealed record GgufValue(GgufValueType Type, GgufValueType? ElementType, object Content)
{
    /// <summary>"string", "array of 49152 strings": how messages call it.</summary>
    public string TypeName => ElementType is { } element ? $"array of {((Array)Content).Length} {Singular(element)}" : Singular(Type);

    public override string ToString() => ElementType is null ? $"{TypeName} {Content}" : TypeName;

    private static string Singular(GgufValueType type) =>
#pragma warning disable CA1308 // The format's own names are in lower case.
        type.ToString().ToLowerInvariant();
#pragma warning restore CA1308
}
