using Mxd.Formats.Pickle.Zip;
using Mxd.Runtime;

namespace Mxd.Formats.Pickle;

/// <summary>What Python would call while it loads, carried out here: four functions by name, and storages. Any other call is refused.</summary>
/// <param name="cursor">For errors.</param>
/// <param name="archive">Holds the storages.</param>
/// <param name="folder">The folder of storages in the archive, with its slash.</param>
internal sealed class PickleCalls(PickleCursor cursor, ZipReader archive, string folder)
{
    private readonly Dictionary<PickleValue, FileStorage> storages = new(PickleKeyComparer.Instance);

    /// <summary>One array a tuple, however many tensors share it: a call takes five bytes, and must not take a kilobyte of memory.</summary>
    private readonly Dictionary<PickleTuple, long[]> numbers = new(ReferenceEqualityComparer.Instance);

    /// <summary>The value of a persistent id <c>('storage', torch.FloatStorage, key, location, elements)</c>.</summary>
    public PickleStorage Storage(PickleValue id)
    {
        if (id is not PickleTuple { Items: [PickleText { Value: "storage" }, PickleGlobal type, PickleText key, PickleText location, PickleInt count] })
            throw cursor.Damaged($"has {id.Kind} as a persistent id, where ('storage', type, key, location, elements) is needed");
        if (StorageType.Find(type) is not { } known)
            throw cursor.Refused($"has a storage of {Shown.Name(type.ToString())}", $"only torch.{string.Join(", ", StorageType.All.Select(t => t.Name))} are read; convert it and save it again");
        if (!storages.TryGetValue(key, out FileStorage? storage))
        {
            storages.Add(key, storage = Open(key.Value, known, count.Value, location.Value));
        }
        else if (storage.Type != known || storage.Count != count.Value)
        {
            throw cursor.Damaged($"has the storage {Shown.Name(key.Value)} as {known.Name} of {count.Value} and as {storage.Type.Name} of {storage.Count}");
        }
        return storage;
    }

    /// <summary>The value of a function of some arguments.</summary>
    /// <exception cref="MxdInputException">The function is none of those that are known, or has other arguments than torch gives it.</exception>
    public PickleValue Call(PickleGlobal function, PickleTuple arguments) => (function.Module, function.Name) switch
    {
        (TorchNames.Utils, TorchNames.RebuildTensor) => Tensor(arguments.Items),
        (TorchNames.Utils, TorchNames.RebuildParameter) => Parameter(arguments.Items),
        (TorchNames.Collections, TorchNames.OrderedDict) => arguments.Items.Count == 0 ? new PickleOrderedDict() : throw Arguments(function, arguments),
        (TorchNames.Torch, TorchNames.Device) => arguments.Items switch
        {
            [PickleText type] => new PickleDevice(type.Value),
            [PickleText type, PickleInt index] => new PickleDevice(type.Value, index.Value),
            _ => throw Arguments(function, arguments),
        },
        _ => throw cursor.Dangerous($"calls {Shown.Name(function.ToString())}"),
    };

    private FileStorage Open(string key, StorageType type, long count, string location)
    {
        if (!archive.Entries.TryGetValue(folder + key, out ZipEntry? entry)) throw cursor.Damaged($"has the storage {Shown.Name(key)}, but the archive has no {Shown.Name(folder + key)}");
        if (count < 0 || count > long.MaxValue / type.Bytes || count * type.Bytes != entry.Length)
            throw cursor.Damaged($"has the storage {Shown.Name(key)} as {type.Name} of {count}, but {Shown.Name(folder + key)} has {entry.Length} bytes");
        return new FileStorage(archive, entry, type, count, location);
    }

    /// <summary>storage, offset, sizes, strides, requires_grad, backward hooks (none) and, lately, metadata (none).</summary>
    private PickleTensor Tensor(IReadOnlyList<PickleValue> arguments)
    {
        if (arguments is not [PickleStorage storage, PickleInt offset, PickleTuple sizes, PickleTuple strides, PickleBool requiresGrad, PickleDict { Count: 0 }, ..]
            || !(arguments.Count == 6 || arguments is [_, _, _, _, _, _, PickleNone or PickleDict { Count: 0 }])
            || !sizes.Items.All(size => size is PickleInt) || !strides.Items.All(stride => stride is PickleInt))
            throw cursor.Refused($"rebuilds a tensor from ({string.Join(", ", arguments.Take(7).Select(argument => argument.Kind))})", "a storage, offset, sizes, strides, requires_grad and no hooks are needed; save plain tensors");
        var view = new TensorView(offset.Value, Numbers(sizes), Numbers(strides));
        return view.Fault(storage.Count) is { } fault ? throw cursor.Damaged($"has a tensor that {fault}") : new PickleTensor(storage, view, requiresGrad.Value);
    }

    private PickleParameter Parameter(IReadOnlyList<PickleValue> arguments) =>
        arguments is [PickleTensor data, PickleBool requiresGrad, PickleDict { Count: 0 }]
            ? new PickleParameter(data, requiresGrad.Value)
            : throw cursor.Refused($"rebuilds a parameter from ({string.Join(", ", arguments.Take(3).Select(argument => argument.Kind))})", "a tensor, requires_grad and no hooks are needed; save plain tensors");

    private long[] Numbers(PickleTuple tuple)
    {
        if (!numbers.TryGetValue(tuple, out long[]? values))
            numbers.Add(tuple, values = [.. tuple.Items.Select(item => ((PickleInt)item).Value)]);
        return values;
    }

    private MxdInputException Arguments(PickleGlobal function, PickleTuple arguments) =>
        cursor.Refused($"calls {Shown.Name(function.ToString())} with {arguments.Kind}, other arguments than torch gives it", "save it again with torch.save of a current PyTorch");
}
