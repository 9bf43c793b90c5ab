using System.Text;
using Mxd.Formats;

namespace Mxd.Cli.Tests.Fixtures;

/// <summary>Writes a GGUF file of version 3: metadata and float32 tensors, enough for a whole small model.</summary>
internal sealed class GgufWriter
{
    private const int Alignment = 32;
    private const uint F32 = 0;

    private readonly List<Action<BinaryWriter>> metadata = [];
    private readonly List<(string Name, int[] Shape, float[] Values)> tensors = [];

    public GgufWriter Text(string key, string value) => Value(key, GgufValueType.String, w => WriteString(w, value));

    public GgufWriter Number(string key, int value) => Value(key, GgufValueType.UInt32, w => w.Write((uint)value));

    public GgufWriter Number(string key, float value) => Value(key, GgufValueType.Float32, w => w.Write(value));

    public GgufWriter Texts(string key, IReadOnlyList<string> values) =>
        Array(key, GgufValueType.String, values.Count, w => { foreach (string value in values) WriteString(w, value); });

    public GgufWriter Numbers(string key, IReadOnlyList<int> values) =>
        Array(key, GgufValueType.Int32, values.Count, w => { foreach (int value in values) w.Write(value); });

    /// <summary>A tensor in torch's order of dimensions, row-major.</summary>
    public GgufWriter Tensor(string name, int[] shape, float[] values)
    {
        tensors.Add((name, shape, values));
        return this;
    }

    public void Save(string path)
    {
        using var writer = new BinaryWriter(File.Create(path));
        writer.Write("GGUF"u8);
        writer.Write(3u);
        writer.Write((ulong)tensors.Count);
        writer.Write((ulong)metadata.Count);
        foreach (Action<BinaryWriter> write in metadata) write(writer);
        ulong offset = 0;
        foreach ((string name, int[] shape, float[] values) in tensors)
        {
            WriteString(writer, name);
            writer.Write((uint)shape.Length);
            foreach (int size in shape.Reverse()) writer.Write((ulong)size);
            writer.Write(F32);
            writer.Write(offset);
            offset += Aligned((ulong)values.Length * sizeof(float));
        }
        foreach ((_, _, float[] values) in tensors)
        {
            Pad(writer);
            foreach (float value in values) writer.Write(value);
        }
        Pad(writer);
    }

    private GgufWriter Value(string key, GgufValueType type, Action<BinaryWriter> value)
    {
        metadata.Add(writer =>
        {
            WriteString(writer, key);
            writer.Write((uint)type);
            value(writer);
        });
        return this;
    }

    private GgufWriter Array(string key, GgufValueType element, int count, Action<BinaryWriter> values) => Value(key, GgufValueType.Array, writer =>
    {
        writer.Write((uint)element);
        writer.Write((ulong)count);
        values(writer);
    });

    private static void WriteString(BinaryWriter writer, string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)utf8.Length);
        writer.Write(utf8);
    }

    private static void Pad(BinaryWriter writer)
    {
        while ((ulong)writer.BaseStream.Position % Alignment != 0) writer.Write((byte)0);
    }

    private static ulong Aligned(ulong bytes) => (bytes + Alignment - 1) / Alignment * Alignment;
}
