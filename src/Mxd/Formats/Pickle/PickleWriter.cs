using System.Globalization;

namespace Mxd.Formats.Pickle;

/// <summary>
/// Writes a value as Python's own pickler writes it in protocol 2, the one of torch: the same instructions, and the same values shared.
/// </summary>
internal sealed class PickleWriter
{
    /// <summary>Items that the pickler puts into a list or dictionary at once.</summary>
    private const int Batch = 1000;

    private readonly PickleEmitter emitter = new();
    private readonly Dictionary<PickleValue, int> memo = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<(string Module, string Name), PickleGlobal> globals = [];
    private readonly Dictionary<string, PickleText> words = new(StringComparer.Ordinal);
    private readonly List<PickleStorage> storages = [];
    private readonly Dictionary<PickleStorage, PickleText> keys = new(ReferenceEqualityComparer.Instance);

    private PickleWriter()
    {
    }

    /// <exception cref="ArgumentException">The value holds itself, nests too deep, or has what protocol 2 lacks.</exception>
    public static PickledValue Write(PickleValue root)
    {
        if (PickleGraph.Fault(root) is { } fault) throw new ArgumentException($"The value {fault}; it cannot be written.", nameof(root));
        var writer = new PickleWriter();
        writer.emitter.Emit(PickleOpcode.Proto, 2);
        writer.Value(root);
        writer.emitter.Emit(PickleOpcode.Stop);
        return new PickledValue(writer.emitter.ToArray(), writer.storages);
    }

    private void Value(PickleValue value)
    {
        if (TryMemo(value)) return;
        switch (value)
        {
            case PickleNone: emitter.Emit(PickleOpcode.None); break;
            case PickleBool flag: emitter.Emit(flag.Value ? PickleOpcode.NewTrue : PickleOpcode.NewFalse); break;
            case PickleInt number: emitter.Int(number.Value); break;
            case PickleFloat number: emitter.Float(number.Value); break;
            case PickleText text: Text(text); break;
            case PickleTuple tuple: Tuple(tuple); break;
            case PickleList list: List(list); break;
            case PickleOrderedDict dict: OrderedDict(dict); break;
            case PickleDict dict: Dict(dict); break;
            case PickleGlobal global: Global(global.Module, global.Name); break;
            case PickleRecord record: Record(record); break;
            case PickleDevice device: Device(device); break;
            case PickleStorage storage: Storage(storage); break;
            case PickleTensor tensor: Tensor(tensor); break;
            case PickleParameter parameter: Parameter(parameter); break;
            default: throw new ArgumentException($"{value.Kind} cannot be written: pickle protocol 2, which torch.save uses, has none.", nameof(value));
        }
    }

    private void Text(PickleText text)
    {
        emitter.Text(text.Value);
        Memoize(text);
    }

    private void Tuple(PickleTuple tuple)
    {
        int count = tuple.Items.Count;
        if (count > 3) emitter.Emit(PickleOpcode.Mark);
        foreach (PickleValue item in tuple.Items) Value(item);
        emitter.Emit(count switch
        {
            0 => PickleOpcode.EmptyTuple,
            1 => PickleOpcode.Tuple1,
            2 => PickleOpcode.Tuple2,
            3 => PickleOpcode.Tuple3,
            _ => PickleOpcode.Tuple,
        });
        if (count > 0) Memoize(tuple);
    }

    private void List(PickleList list)
    {
        emitter.Emit(PickleOpcode.EmptyList);
        Memoize(list);
        Batches([.. list.Items], PickleOpcode.Append, PickleOpcode.Appends, Value);
    }

    private void Dict(PickleDict dict)
    {
        emitter.Emit(PickleOpcode.EmptyDict);
        Memoize(dict);
        Items(dict);
    }

    private void OrderedDict(PickleOrderedDict dict)
    {
        Global(TorchNames.Collections, TorchNames.OrderedDict);
        emitter.Emit(PickleOpcode.EmptyTuple);
        emitter.Emit(PickleOpcode.Reduce);
        Memoize(dict);
        Items(dict);
        if (dict.Attributes is { } attributes) State(attributes);
    }

    private void Items(PickleDict dict) => Batches([.. dict], PickleOpcode.SetItem, PickleOpcode.SetItems, entry =>
    {
        Value(entry.Key);
        Value(entry.Value);
    });

    private void Batches<T>(T[] items, PickleOpcode one, PickleOpcode many, Action<T> write)
    {
        foreach (T[] batch in items.Chunk(Batch))
        {
            if (batch.Length > 1) emitter.Emit(PickleOpcode.Mark);
            foreach (T item in batch) write(item);
            emitter.Emit(batch.Length > 1 ? many : one);
        }
    }

    private void Record(PickleRecord record)
    {
        Value(record.Type);
        Value(record.Arguments);
        emitter.Emit(PickleOpcode.NewObj);
        Memoize(record);
        if (record.Fields.Count > 0) State(record.Fields);
    }

    private void State(PickleDict fields)
    {
        Value(fields);
        emitter.Emit(PickleOpcode.Build);
    }

    private void Device(PickleDevice device)
    {
        Global(TorchNames.Torch, TorchNames.Device);
        Value(device.Index is long index ? new PickleTuple(device.Type, index) : new PickleTuple(device.Type));
        emitter.Emit(PickleOpcode.Reduce);
        Memoize(device);
    }

    private void Storage(PickleStorage storage)
    {
        if (!keys.TryGetValue(storage, out PickleText? key))
        {
            keys.Add(storage, key = new PickleText(storages.Count.ToString(CultureInfo.InvariantCulture)));
            storages.Add(storage);
        }
        Value(new PickleTuple(Word("storage"), new PickleGlobal(TorchNames.Torch, storage.Type.Name), key, Word(storage.Location), storage.Count));
        emitter.Emit(PickleOpcode.BinPersId);
    }

    private void Tensor(PickleTensor tensor)
    {
        Global(TorchNames.Utils, TorchNames.RebuildTensor);
        Value(new PickleTuple(tensor.Storage, tensor.Offset, Numbers(tensor.Shape), Numbers(tensor.Strides), tensor.RequiresGrad, new PickleOrderedDict()));
        emitter.Emit(PickleOpcode.Reduce);
        Memoize(tensor);
    }

    private void Parameter(PickleParameter parameter)
    {
        Global(TorchNames.Utils, TorchNames.RebuildParameter);
        Value(new PickleTuple(parameter.Data, parameter.RequiresGrad, new PickleOrderedDict()));
        emitter.Emit(PickleOpcode.Reduce);
        Memoize(parameter);
    }

    private static PickleTuple Numbers(IReadOnlyList<long> numbers) => new([.. numbers.Select(number => new PickleInt(number))]);

    /// <summary>A class or function, of which Python has one however often it is named.</summary>
    private void Global(string module, string name)
    {
        if (!globals.TryGetValue((module, name), out PickleGlobal? global)) globals.Add((module, name), global = new PickleGlobal(module, name));
        if (TryMemo(global)) return;
        emitter.Global(module, name);
        Memoize(global);
    }

    /// <summary>A text that torch has one of.</summary>
    private PickleText Word(string text)
    {
        if (!words.TryGetValue(text, out PickleText? word)) words.Add(text, word = new PickleText(text));
        return word;
    }

    private bool TryMemo(PickleValue value)
    {
        if (!memo.TryGetValue(value, out int index)) return false;
        emitter.Numbered(PickleOpcode.BinGet, PickleOpcode.LongBinGet, index);
        return true;
    }

    private void Memoize(PickleValue value)
    {
        emitter.Numbered(PickleOpcode.BinPut, PickleOpcode.LongBinPut, memo.Count);
        memo.Add(value, memo.Count);
    }
}
