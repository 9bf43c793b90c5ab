using System.Text;
using Mxd.Formats;

namespace Mxd.Tests.Formats;

/// <summary>Writes GGUF files, right and wrong: every count, length and offset can be set to something else than the truth.</summary>
internal sealed class GgufBuilder
{
    private readonly List<byte> metadata = [];
    private readonly List<byte> tensors = [];
    private readonly List<byte> data = [];

    public byte[] Magic { get; set; } = "GGUF"u8.ToArray();

    public uint Version { get; set; } = 3;

    public uint Alignment { get; set; } = 32;

    public ulong MetadataCount { get; set; }

    public ulong TensorCount { get; set; }

    /// <summary>One metadata value; <paramref name="value"/> writes it after its type.</summary>
    public GgufBuilder Value(string key, GgufValueType type, Action<BinaryWriter> value) => Value(Encoding.UTF8.GetBytes(key), (uint)type, value);

    public GgufBuilder Value(byte[] key, uint type, Action<BinaryWriter> value)
    {
        metadata.AddRange(Written(writer =>
        {
            WriteString(writer, key);
            writer.Write(type);
            value(writer);
        }));
        MetadataCount++;
        return this;
    }

    public GgufBuilder Text(string key, string text) => Value(key, GgufValueType.String, w => WriteString(w, Encoding.UTF8.GetBytes(text)));

    public GgufBuilder UInt32(string key, uint number) => Value(key, GgufValueType.UInt32, w => w.Write(number));

    /// <summary>An array; <paramref name="elements"/> writes the values that follow its type and count.</summary>
    public GgufBuilder Array(string key, GgufValueType element, ulong count, Action<BinaryWriter> elements) => Value(key, GgufValueType.Array, w =>
    {
        w.Write((uint)element);
        w.Write(count);
        elements(w);
    });

    /// <summary>A tensor whose bytes follow the ones before it, aligned.</summary>
    public GgufBuilder Tensor(string name, ulong[] dimensions, uint type, byte[] bytes)
    {
        while (data.Count % Alignment != 0) data.Add(0);
        Describe(name, dimensions, type, (ulong)data.Count);
        data.AddRange(bytes);
        return this;
    }

    /// <summary>A tensor's description without its bytes. Dimensions are in the order of the file, the contiguous one first.</summary>
    public GgufBuilder Describe(string name, ulong[] dimensions, uint type, ulong offset)
    {
        tensors.AddRange(Written(writer =>
        {
            WriteString(writer, Encoding.UTF8.GetBytes(name));
            writer.Write((uint)dimensions.Length);
            foreach (ulong size in dimensions) writer.Write(size);
            writer.Write(type);
            writer.Write(offset);
        }));
        TensorCount++;
        return this;
    }

    /// <summary>Bytes behind the header that belong to no tensor of <see cref="Tensor"/>.</summary>
    public GgufBuilder Data(int count)
    {
        data.AddRange(new byte[count]);
        return this;
    }

    public byte[] Build() => Written(writer =>
    {
        writer.Write(Magic);
        writer.Write(Version);
        writer.Write(TensorCount);
        writer.Write(MetadataCount);
        writer.Write([.. metadata, .. tensors]);
        while (data.Count > 0 && writer.BaseStream.Length % Alignment != 0) writer.Write((byte)0);
        writer.Write([.. data]);
    });

    public static void WriteString(BinaryWriter writer, byte[] utf8)
    {
        writer.Write((ulong)utf8.Length);
        writer.Write(utf8);
    }

    private static byte[] Written(Action<BinaryWriter> write)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        write(writer);
        writer.Flush();
        return stream.ToArray();
    }

    /// <summary>A small file with something of everything.</summary>
    public static byte[] Small { get; } = new GgufBuilder()
        .Text("general.architecture", "llama")
        .UInt32("llama.block_count", 30)
        .Value("flag", GgufValueType.Bool, w => w.Write(true))
        .Array("tokens", GgufValueType.String, 2, w => { WriteString(w, "Ġt"u8.ToArray()); WriteString(w, []); })
        .Array("scores", GgufValueType.Float32, 2, w => { w.Write(1.5f); w.Write(-2f); })
        .Array("nested", GgufValueType.Array, 1, w => { w.Write((uint)GgufValueType.Int32); w.Write(2UL); w.Write(7); w.Write(8); })
        .Tensor("f32", [3, 2], 0, [.. Enumerable.Range(0, 6).SelectMany(i => BitConverter.GetBytes((float)i))])
        .Tensor("q8_0", [32], 8, [0, 0x3c, .. Enumerable.Range(-16, 32).Select(i => (byte)i)])
        .Tensor("iq4_nl", [32], 20, new byte[18])
        .Build();
}
