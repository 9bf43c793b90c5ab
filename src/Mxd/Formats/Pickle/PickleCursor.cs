using System.Buffers.Binary;
using System.Text;
using Mxd.Runtime;

namespace Mxd.Formats.Pickle;

/// <summary>A position in a pickle's bytes, and the errors that name it.</summary>
/// <param name="bytes">The whole pickle.</param>
/// <param name="file">The file it is in, for messages.</param>
internal sealed class PickleCursor(byte[] bytes, string file)
{
    private static readonly UTF8Encoding strictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private int position;
    private int instruction;

    public int Length => bytes.Length;

    /// <summary>Bytes not read yet.</summary>
    public int Rest => bytes.Length - position;

    /// <summary>Whether the present instruction is the first.</summary>
    public bool AtStart => instruction == 0;

    public PickleOpcode NextInstruction()
    {
        instruction = position;
        if (Rest == 0) throw Damaged("ends without the instruction STOP");
        return (PickleOpcode)bytes[position++];
    }

    public byte Byte() => Take(1)[0];

    public ushort UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    public double BigEndianDouble() => BinaryPrimitives.ReadDoubleBigEndian(Take(8));

    /// <summary>A two's complement number of any number of bytes, little-endian.</summary>
    public long Integer(ulong count)
    {
        ReadOnlySpan<byte> digits = Take(count);
        if (digits.Length > sizeof(long)) throw Refused("has a whole number of more than 64 bits", "save it again without that number");
        long value = digits.Length > 0 && (sbyte)digits[^1] < 0 ? -1 : 0;
        for (int i = digits.Length - 1; i >= 0; i--) value = value << 8 | digits[i];
        return value;
    }

    public ReadOnlyMemory<byte> Bytes(ulong count)
    {
        int start = position;
        Take(count);
        return bytes.AsMemory(start, (int)count);
    }

    public string Text(ulong count) => Decode(Take(count));

    /// <summary>Text up to the end of a line, which is read too.</summary>
    public string Line()
    {
        int length = bytes.AsSpan(position).IndexOf((byte)'\n');
        if (length < 0) throw Cut();
        string line = Decode(Take((ulong)length));
        position++;
        return line;
    }

    /// <summary>The pickle was not written like this: bytes changed or were lost.</summary>
    public MxdInputException Damaged(string what) => Refused(what, "the file is damaged; download it again");

    /// <summary>A sound pickle that is not read.</summary>
    /// <param name="what">Such as "calls 'posix.system'".</param>
    /// <param name="advice">What to do.</param>
    public MxdInputException Refused(string what, string advice) => new($"{file}: data.pkl {what} (byte {instruction}): {advice}.");

    /// <summary>A pickle that would have Python run code.</summary>
    public MxdInputException Dangerous(string what) => Refused(what, "the file asks for code to be run; do not use it");

    private ReadOnlySpan<byte> Take(ulong count)
    {
        if (count > (ulong)Rest) throw Cut();
        ReadOnlySpan<byte> taken = bytes.AsSpan(position, (int)count);
        position += (int)count;
        return taken;
    }

    private MxdInputException Cut() => Damaged($"ends at byte {bytes.Length}, inside an instruction");

    private string Decode(ReadOnlySpan<byte> utf8)
    {
        try
        {
            return strictUtf8.GetString(utf8);
        }
        catch (DecoderFallbackException)
        {
            throw Damaged("has text that is not UTF-8");
        }
    }
}
