using System.Text;

namespace Mxd.Tests.Tokenizers;

/// <summary>Writes GGUF files that have metadata and no tensors.</summary>
public static class GgufMetadataFile
{
    private const uint UInt32Type = 4, Int32Type = 5, StringType = 8, ArrayType = 9;

    public static void Write(string path, IReadOnlyDictionary<string, object> values)
    {
        using var writer = new BinaryWriter(File.Create(path));
        writer.Write("GGUF"u8);
        writer.Write(3u);
        writer.Write(0UL);
        writer.Write((ulong)values.Count);
        foreach ((string key, object value) in values)
        {
            WriteText(writer, key);
            WriteValue(writer, value);
        }
    }

    private static void WriteValue(BinaryWriter writer, object value)
    {
        switch (value)
        {
            case uint number:
                writer.Write(UInt32Type);
                writer.Write(number);
                break;
            case string text:
                writer.Write(StringType);
                WriteText(writer, text);
                break;
            case string[] texts:
                WriteArrayHeader(writer, StringType, texts.Length);
                foreach (string text in texts) WriteText(writer, text);
                break;
            case int[] numbers:
                WriteArrayHeader(writer, Int32Type, numbers.Length);
                foreach (int number in numbers) writer.Write(number);
                break;
            default:
                throw new ArgumentException($"{value.GetType()} is not written here.", nameof(value));
        }
    }

    private static void WriteArrayHeader(BinaryWriter writer, uint elementType, int length)
    {
        writer.Write(ArrayType);
        writer.Write(elementType);
        writer.Write((ulong)length);
    }

    private static void WriteText(BinaryWriter writer, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }
}
