using Mxd.Runtime;

namespace Mxd.Formats.Pickle;

/// <summary>
/// Carries out a pickle's instructions (protocols 2 to 5) on values that are data only: names of Python's stay names, and of what Python
/// would call, only <see cref="PickleCalls"/> are carried out. Every instruction takes a bounded time and memory for the bytes it has, none is
/// recursive, and there are at most <see cref="MostInstructions"/>.
/// </summary>
internal sealed class PickleMachine
{
    /// <summary>A checkpoint has about forty a tensor, so this is enough for a hundred thousand tensors.</summary>
    public const int MostInstructions = 1 << 22;

    private const byte OldestProtocol = 2, NewestProtocol = 5;

    private readonly PickleCursor cursor;
    private readonly PickleStack stack;
    private readonly PickleMemo memo;
    private readonly PickleCalls calls;
    private int instructions;

    private PickleMachine(PickleCursor cursor, PickleCalls calls)
    {
        this.cursor = cursor;
        this.calls = calls;
        stack = new PickleStack(cursor);
        memo = new PickleMemo(cursor);
    }

    /// <summary>The value of a whole pickle.</summary>
    /// <exception cref="MxdInputException">It is damaged, asks for code to be run, or has what torch does not write.</exception>
    public static PickleValue Run(PickleCursor cursor, PickleCalls calls)
    {
        PickleValue root = new PickleMachine(cursor, calls).Run();
        return PickleGraph.Fault(root) is { } fault ? throw cursor.Refused(fault, "save plain dictionaries, lists and tensors") : root;
    }

    private PickleValue Run()
    {
        while (true)
        {
            PickleOpcode opcode = cursor.NextInstruction();
            if (++instructions > MostInstructions)
                throw cursor.Refused($"has more than {MostInstructions} instructions", "save fewer values in one file, and long rows of numbers as tensors");
            if (cursor.AtStart != (opcode == PickleOpcode.Proto)) throw cursor.Damaged("does not state its protocol once, at its beginning");
            if (opcode == PickleOpcode.Stop) return Finish();
            if (!(TryScalar(opcode) || TryCollection(opcode) || TryStack(opcode) || TryObject(opcode))) throw Unread(opcode);
        }
    }

    private PickleValue Finish()
    {
        PickleValue root = stack.Pop();
        if (stack.Count > 0 || stack.HasMarks) throw cursor.Damaged("stops with values or marks left over");
        return cursor.Rest == 0 ? root : throw cursor.Damaged($"goes on for {cursor.Rest} bytes after it has stopped");
    }

    private bool TryScalar(PickleOpcode opcode)
    {
        PickleValue? value = opcode switch
        {
            PickleOpcode.None => PickleNone.Value,
            PickleOpcode.NewTrue => PickleBool.Of(true),
            PickleOpcode.NewFalse => PickleBool.Of(false),
            PickleOpcode.BinInt1 => new PickleInt(cursor.Byte()),
            PickleOpcode.BinInt2 => new PickleInt(cursor.UInt16()),
            PickleOpcode.BinInt => new PickleInt(cursor.Int32()),
            PickleOpcode.Long1 => new PickleInt(cursor.Integer(cursor.Byte())),
            PickleOpcode.Long4 => new PickleInt(cursor.Integer(cursor.UInt32())),
            PickleOpcode.BinFloat => new PickleFloat(cursor.BigEndianDouble()),
            PickleOpcode.ShortBinUnicode => new PickleText(cursor.Text(cursor.Byte())),
            PickleOpcode.BinUnicode => new PickleText(cursor.Text(cursor.UInt32())),
            PickleOpcode.BinUnicode8 => new PickleText(cursor.Text(cursor.UInt64())),
            PickleOpcode.ShortBinBytes => new PickleBytes(cursor.Bytes(cursor.Byte())),
            PickleOpcode.BinBytes => new PickleBytes(cursor.Bytes(cursor.UInt32())),
            PickleOpcode.BinBytes8 => new PickleBytes(cursor.Bytes(cursor.UInt64())),
            _ => null,
        };
        if (value is not null) stack.Push(value);
        return value is not null;
    }

    private bool TryCollection(PickleOpcode opcode)
    {
        switch (opcode)
        {
            case PickleOpcode.EmptyTuple: stack.Push(PickleTuple.Empty); break;
            case PickleOpcode.Tuple1: stack.Push(stack.PopTuple(1)); break;
            case PickleOpcode.Tuple2: stack.Push(stack.PopTuple(2)); break;
            case PickleOpcode.Tuple3: stack.Push(stack.PopTuple(3)); break;
            case PickleOpcode.Tuple: stack.Push(new PickleTuple(stack.PopToMark())); break;
            case PickleOpcode.EmptyList: stack.Push(new PickleList()); break;
            case PickleOpcode.Append: Extend([stack.Pop()]); break;
            case PickleOpcode.Appends: Extend(stack.PopToMark()); break;
            case PickleOpcode.EmptyDict: stack.Push(new PickleDict()); break;
            case PickleOpcode.SetItem: SetItems([.. stack.PopTuple(2).Items]); break;
            case PickleOpcode.SetItems: SetItems(stack.PopToMark()); break;
            case PickleOpcode.EmptySet: stack.Push(new PickleSet()); break;
            case PickleOpcode.AddItems: AddItems(stack.PopToMark()); break;
            case PickleOpcode.FrozenSet: stack.Push(new PickleSet(stack.PopToMark())); break;
            default: return false;
        }
        return true;
    }

    private bool TryStack(PickleOpcode opcode)
    {
        switch (opcode)
        {
            case PickleOpcode.Mark: stack.Mark(); break;
            case PickleOpcode.Pop: stack.PopValueOrMark(); break;
            case PickleOpcode.PopMark: stack.PopToMark(); break;
            case PickleOpcode.Dup: stack.Push(stack.Top); break;
            case PickleOpcode.BinPut: memo.Put(cursor.Byte(), stack.Top, instructions); break;
            case PickleOpcode.LongBinPut: memo.Put(cursor.UInt32(), stack.Top, instructions); break;
            case PickleOpcode.Memoize: memo.Append(stack.Top, instructions); break;
            case PickleOpcode.BinGet: stack.Push(memo.Get(cursor.Byte())); break;
            case PickleOpcode.LongBinGet: stack.Push(memo.Get(cursor.UInt32())); break;
            case PickleOpcode.Proto: RequireProtocol(cursor.Byte()); break;
            case PickleOpcode.Frame: RequireFrame(cursor.UInt64()); break;
            default: return false;
        }
        return true;
    }

    private bool TryObject(PickleOpcode opcode)
    {
        switch (opcode)
        {
            case PickleOpcode.Global: stack.Push(new PickleGlobal(cursor.Line(), cursor.Line())); break;
            case PickleOpcode.StackGlobal: stack.Push(StackGlobal(stack.PopTuple(2))); break;
            case PickleOpcode.BinPersId: stack.Push(calls.Storage(stack.Pop())); break;
            case PickleOpcode.Reduce: stack.Push(Call(stack.PopTuple(2))); break;
            case PickleOpcode.NewObj: stack.Push(NewObject(stack.PopTuple(2))); break;
            case PickleOpcode.NewObjEx: stack.Push(NewObject(stack.PopTuple(3))); break;
            case PickleOpcode.Build: Build(stack.Pop(), stack.Top); break;
            default: return false;
        }
        return true;
    }

    private void RequireProtocol(byte protocol)
    {
        if (protocol is < OldestProtocol or > NewestProtocol)
            throw cursor.Refused($"has the pickle protocol {protocol}", $"protocols {OldestProtocol} to {NewestProtocol} are read; save it again with torch.save");
    }

    private void RequireFrame(ulong length)
    {
        if (length > (ulong)cursor.Rest) throw cursor.Damaged($"has a frame of {length} bytes, and {cursor.Rest} are left");
    }

    private void Extend(ReadOnlySpan<PickleValue> items)
    {
        if (stack.Top is not PickleList list) throw cursor.Damaged($"appends to {stack.Top.Kind}");
        list.Append(items);
    }

    private void AddItems(ReadOnlySpan<PickleValue> items)
    {
        if (stack.Top is not PickleSet set) throw cursor.Damaged($"adds to {stack.Top.Kind} as to a set");
        set.Add(items);
    }

    private void SetItems(ReadOnlySpan<PickleValue> pairs)
    {
        if (stack.Top is not PickleDict dict) throw cursor.Damaged($"sets items of {stack.Top.Kind}");
        if (pairs.Length % 2 != 0) throw cursor.Damaged("sets a key without a value");
        for (int i = 0; i < pairs.Length; i += 2)
        {
            if (!PickleDict.IsKey(pairs[i])) throw cursor.Refused($"has {pairs[i].Kind} as a key", "save dictionaries whose keys are str or int");
            if (!dict.TryAdd(pairs[i], pairs[i + 1])) throw cursor.Damaged($"sets {pairs[i].Kind} twice as a key of one dictionary");
        }
    }

    private PickleGlobal StackGlobal(PickleTuple names) =>
        names.Items is [PickleText module, PickleText name]
            ? new PickleGlobal(module.Value, name.Value)
            : throw cursor.Damaged($"names something by {names.Items[0].Kind} and {names.Items[1].Kind}, where two texts are needed");

    private PickleValue Call(PickleTuple call)
    {
        if (call.Items[0] is not PickleGlobal function) throw cursor.Dangerous($"calls {call.Items[0].Kind}");
        return call.Items[1] is PickleTuple arguments
            ? calls.Call(function, arguments)
            : throw cursor.Damaged($"calls {Shown.Name(function.ToString())} with {call.Items[1].Kind}, where a tuple is needed");
    }

    private PickleRecord NewObject(PickleTuple parts)
    {
        if (parts.Items[0] is not PickleGlobal type) throw cursor.Dangerous($"makes an instance of {parts.Items[0].Kind}");
        if (parts.Items[1] is not PickleTuple arguments || parts.Items is [_, _, not PickleDict { Count: 0 }])
            throw cursor.Refused($"makes {Shown.Name(type.ToString())} from {parts.Items[^1].Kind}", "save plain dictionaries, lists and tensors");
        return new PickleRecord(type) { Arguments = arguments };
    }

    private void Build(PickleValue state, PickleValue target)
    {
        if (target is not (PickleRecord or PickleOrderedDict)) throw cursor.Dangerous($"sets the state of {target.Kind}");
        if (state is not PickleDict { HasNumbers: false } fields)
            throw cursor.Refused($"sets the state of {target.Kind} from {state.Kind}", "only a dict of names can be read; save plain dictionaries, lists and tensors");
        bool first = target is PickleRecord { Fields.Count: 0 } or PickleOrderedDict { Attributes: null };
        if (!first) throw cursor.Damaged($"sets the state of {target.Kind} twice");
        if (target is PickleRecord record) record.Fields = fields;
        else ((PickleOrderedDict)target).Attributes = fields;
    }

    private MxdInputException Unread(PickleOpcode opcode) => Enum.IsDefined(opcode)
        ? cursor.Refused($"has the instruction {opcode.ToString().ToUpperInvariant()}, which torch.save does not write", "save it again with torch.save of a current PyTorch")
        : cursor.Damaged($"has the byte 0x{(byte)opcode:x2}, which is no instruction");
}
