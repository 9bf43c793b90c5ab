using System.Buffers.Binary;
using System.Text;
using Mxd.Formats.Pickle;

namespace Mxd.Tests.Formats.Pickle;

/// <summary>Puts a pickle together instruction by instruction, sound or not. It begins with PROTO 4 unless told otherwise.</summary>
internal sealed class PickleAssembler
{
    private readonly List<byte> bytes = [];

    public PickleAssembler(byte? protocol = 4)
    {
        if (protocol is byte stated) Op(PickleOpcode.Proto, stated);
    }

    /// <summary>Where the next instruction begins.</summary>
    public int Position => bytes.Count;

    public byte[] Bytes => [.. bytes];

    public PickleAssembler Op(PickleOpcode opcode, params ReadOnlySpan<byte> operand)
    {
        bytes.Add((byte)opcode);
        bytes.AddRange(operand);
        return this;
    }

    public PickleAssembler Raw(params ReadOnlySpan<byte> raw)
    {
        bytes.AddRange(raw);
        return this;
    }

    public PickleAssembler Repeat(int times, params PickleOpcode[] opcodes)
    {
        for (int i = 0; i < times; i++)
            foreach (PickleOpcode opcode in opcodes) Op(opcode);
        return this;
    }

    public PickleAssembler Global(string module, string name) => Op(PickleOpcode.Global, Encoding.UTF8.GetBytes($"{module}\n{name}\n"));

    public PickleAssembler Text(string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        return Op(PickleOpcode.BinUnicode, Wide(utf8.Length)).Raw(utf8);
    }

    public PickleAssembler Int(long value)
    {
        byte[] digits = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(digits, value);
        return Op(PickleOpcode.Long1, sizeof(long)).Raw(digits);
    }

    public PickleAssembler Put(byte index) => Op(PickleOpcode.BinPut, index);

    public PickleAssembler Get(byte index) => Op(PickleOpcode.BinGet, index);

    public PickleAssembler Mark() => Op(PickleOpcode.Mark);

    public PickleAssembler Tuple() => Op(PickleOpcode.Tuple);

    public PickleAssembler Reduce() => Op(PickleOpcode.Reduce);

    /// <summary>A tuple of whole numbers.</summary>
    public PickleAssembler Sizes(params ReadOnlySpan<long> sizes)
    {
        Mark();
        foreach (long size in sizes) Int(size);
        return Tuple();
    }

    public PickleAssembler Storage(string key, long count, string type = "FloatStorage") =>
        Mark().Text("storage").Global("torch", type).Text(key).Text("cpu").Int(count).Tuple().Op(PickleOpcode.BinPersId);

    /// <summary>A float32 tensor of the storage '0'.</summary>
    public PickleAssembler Tensor(long count, long offset, long[] sizes, long[] strides, string type = "FloatStorage") =>
        Global("torch._utils", "_rebuild_tensor_v2")
            .Mark().Storage("0", count, type).Int(offset).Sizes(sizes).Sizes(strides).Op(PickleOpcode.NewFalse).NoHooks().Tuple().Reduce();

    public PickleAssembler NoHooks() => Global("collections", "OrderedDict").Op(PickleOpcode.EmptyTuple).Reduce();

    /// <summary>A call with one text, as the classic attacks have it.</summary>
    public PickleAssembler Call(string module, string name, string argument) =>
        Global(module, name).Text(argument).Op(PickleOpcode.Tuple1).Reduce();

    public byte[] Stop() => Op(PickleOpcode.Stop).Bytes;

    public static byte[] Wide(long value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, (uint)value);
        return bytes;
    }
}
