using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Mxd.Formats.Pickle;

/// <summary>The bytes of instructions and their operands, each in its shortest form in protocol 2.</summary>
internal sealed class PickleEmitter
{
    private static readonly UTF8Encoding strictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly ArrayBufferWriter<byte> bytes = new();

    public byte[] ToArray() => bytes.WrittenSpan.ToArray();

    public void Emit(PickleOpcode opcode, params ReadOnlySpan<byte> operand)
    {
        bytes.Write([(byte)opcode]);
        bytes.Write(operand);
    }

    public void Int(long value)
    {
        Span<byte> digits = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(digits, value);
        switch (value)
        {
            case >= 0 and <= byte.MaxValue: Emit(PickleOpcode.BinInt1, digits[..1]); break;
            case >= 0 and <= ushort.MaxValue: Emit(PickleOpcode.BinInt2, digits[..2]); break;
            case >= int.MinValue and <= int.MaxValue: Emit(PickleOpcode.BinInt, digits[..4]); break;
            default: LongInt(digits, value < 0); break;
        }
    }

    public void Float(double value)
    {
        Span<byte> operand = stackalloc byte[sizeof(double)];
        BinaryPrimitives.WriteDoubleBigEndian(operand, value);
        Emit(PickleOpcode.BinFloat, operand);
    }

    public void Text(string text)
    {
        byte[] utf8 = Utf8(text);
        Wide(PickleOpcode.BinUnicode, utf8.Length);
        bytes.Write(utf8);
    }

    public void Global(string module, string name)
    {
        if (module.Contains('\n', StringComparison.Ordinal) || name.Contains('\n', StringComparison.Ordinal))
            throw new ArgumentException($"{Shown.Name(module + "." + name)} cannot be written: a name of Python's is one line.", nameof(name));
        Emit(PickleOpcode.Global, Utf8($"{module}\n{name}\n"));
    }

    /// <summary>An instruction with an index of 8 bits, or its sibling with one of 32.</summary>
    public void Numbered(PickleOpcode narrow, PickleOpcode wide, int index)
    {
        if (index <= byte.MaxValue) Emit(narrow, (byte)index);
        else Wide(wide, index);
    }

    private void Wide(PickleOpcode opcode, int operand)
    {
        Span<byte> digits = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(digits, operand);
        Emit(opcode, digits);
    }

    /// <summary>As few bytes of two's complement as keep the sign.</summary>
    private void LongInt(ReadOnlySpan<byte> digits, bool negative)
    {
        byte filling = (byte)(negative ? 0xff : 0);
        while (digits[^1] == filling && (sbyte)digits[^2] < 0 == negative) digits = digits[..^1];
        Emit(PickleOpcode.Long1, (byte)digits.Length);
        bytes.Write(digits);
    }

    private static byte[] Utf8(string text)
    {
        try
        {
            return strictUtf8.GetBytes(text);
        }
        catch (EncoderFallbackException e)
        {
            throw new ArgumentException($"{Shown.Name(text)} is not valid text, so it cannot be written.", nameof(text), e);
        }
    }
}
