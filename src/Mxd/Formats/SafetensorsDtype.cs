using static TorchSharp.torch;

namespace Mxd.Formats;

/// <summary>One element type of the safetensors format.</summary>
/// <param name="Name">As written in the header.</param>
/// <param name="Bytes">Bytes an element.</param>
/// <param name="Torch">The same type in torch, or null where TorchSharp has none.</param>
internal sealed record SafetensorsDtype(string Name, int Bytes, ScalarType? Torch)
{
    public static IReadOnlyList<SafetensorsDtype> All { get; } =
    [
        new("BOOL", 1, ScalarType.Bool),
        new("U8", 1, ScalarType.Byte),
        new("I8", 1, ScalarType.Int8),
        new("F8_E4M3", 1, null),
        new("F8_E5M2", 1, null),
        new("F8_E8M0", 1, null),
        new("I16", 2, ScalarType.Int16),
        new("U16", 2, null),
        new("F16", 2, ScalarType.Float16),
        new("BF16", 2, ScalarType.BFloat16),
        new("I32", 4, ScalarType.Int32),
        new("U32", 4, null),
        new("F32", 4, ScalarType.Float32),
        new("I64", 8, ScalarType.Int64),
        new("U64", 8, null),
        new("F64", 8, ScalarType.Float64),
        new("C64", 8, ScalarType.ComplexFloat32),
    ];

    public static SafetensorsDtype? Find(string name) => All.FirstOrDefault(dtype => dtype.Name == name);

    public static SafetensorsDtype? For(ScalarType type) => All.FirstOrDefault(dtype => dtype.Torch == type);
}
