using static TorchSharp.torch;

namespace Mxd.Runtime;

/// <summary>The floating-point formats in which models and layers run, by the names that options and files use.</summary>
public static class Dtypes
{
    private static readonly (string Name, ScalarType Type, int Bytes)[] known =
    [
        ("float32", ScalarType.Float32, 4),
        ("bfloat16", ScalarType.BFloat16, 2),
        ("float16", ScalarType.Float16, 2),
    ];

    /// <summary>The names that <see cref="Parse"/> knows.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. known.Select(dtype => dtype.Name)];

    /// <exception cref="MxdInputException">The name is none of <see cref="Names"/>.</exception>
    public static ScalarType Parse(string name)
    {
        foreach ((string known, ScalarType type, _) in known)
            if (known == name) return type;
        throw new MxdInputException($"'{name}' is not a precision: use {string.Join(", ", Names)}.");
    }

    /// <summary>The name of a format that <see cref="Parse"/> knows.</summary>
    public static string Name(ScalarType type) => Find(type).Name;

    /// <summary>Bytes per element of a format that <see cref="Parse"/> knows.</summary>
    public static int ByteCount(ScalarType type) => Find(type).Bytes;

    private static (string Name, ScalarType Type, int Bytes) Find(ScalarType type)
    {
        foreach (var dtype in known)
            if (dtype.Type == type) return dtype;
        throw new ArgumentOutOfRangeException(nameof(type), type, $"Models and layers run in {string.Join(", ", Names)}.");
    }
}
