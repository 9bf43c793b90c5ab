using static TorchSharp.torch;

namespace Mxd.Formats.Pickle;

/// <summary>An element type by the name of torch's class for storages of it.</summary>
/// <param name="Name">In the module <c>torch</c>.</param>
/// <param name="Bytes">Bytes an element.</param>
internal sealed record StorageType(string Name, int Bytes, ScalarType Torch)
{
    public static IReadOnlyList<StorageType> All { get; } =
    [
        new("FloatStorage", 4, ScalarType.Float32),
        new("HalfStorage", 2, ScalarType.Float16),
        new("BFloat16Storage", 2, ScalarType.BFloat16),
        new("DoubleStorage", 8, ScalarType.Float64),
        new("LongStorage", 8, ScalarType.Int64),
        new("IntStorage", 4, ScalarType.Int32),
        new("ShortStorage", 2, ScalarType.Int16),
        new("CharStorage", 1, ScalarType.Int8),
        new("ByteStorage", 1, ScalarType.Byte),
        new("BoolStorage", 1, ScalarType.Bool),
    ];

    public static StorageType? Find(PickleGlobal global) => All.FirstOrDefault(type => global.Is("torch", type.Name));

    public static StorageType? For(ScalarType type) => All.FirstOrDefault(known => known.Torch == type);
}
