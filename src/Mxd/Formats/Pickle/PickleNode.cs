using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Mxd.Runtime;

namespace Mxd.Formats.Pickle;

/// <summary>
/// A value of a file together with the way that led to it, so that an error can name both:
/// <c>file.Root["cfg"]["d_in"].ToInt64()</c>. Every error is an <see cref="MxdInputException"/>.
/// </summary>
public sealed class PickleNode
{
    private readonly string file;

    internal PickleNode(string file, string path, PickleValue value)
    {
        this.file = file;
        Path = path;
        Value = value;
    }

    public PickleValue Value { get; }

    /// <summary>Such as <c>cfg.d_in</c>; empty for the root.</summary>
    public string Path { get; }

    public bool IsNone => Value is PickleNone;

    /// <summary>The keys of a dictionary that are texts, or the names of an instance's fields, in the order of the file; empty for other values.</summary>
    public IEnumerable<string> Names => Entries is { } entries ? entries.Select(entry => entry.Key).OfType<PickleText>().Select(key => key.Value) : [];

    private PickleDict? Entries => Value as PickleDict ?? (Value as PickleRecord)?.Fields;

    /// <summary>The entry of a dictionary or the field of an instance.</summary>
    /// <exception cref="MxdInputException">There is none of that name, or the value has no names.</exception>
    public PickleNode this[string name] =>
        TryGet(name, out PickleNode? node) ? node
        : Entries is null ? throw Wrong("a dict or an instance of a class")
        : throw new MxdInputException($"{file}: {Place} has no {Shown.Name(name)}{NearestNames.Hint(name, Names)}.");

    /// <summary>The item of a tuple or list.</summary>
    /// <exception cref="MxdInputException">It is shorter, or neither of the two.</exception>
    public PickleNode this[int index]
    {
        get
        {
            IReadOnlyList<PickleValue> items = (Value as PickleTuple)?.Items ?? (Value as PickleList)?.Items ?? throw Wrong("a tuple or a list");
            return index < items.Count
                ? new PickleNode(file, Below(index.ToString(CultureInfo.InvariantCulture)), items[index])
                : throw new MxdInputException($"{file}: {Place} is {Value.Kind}, but its item {index} is needed.");
        }
    }

    /// <summary>False where the value has no such entry or field, or no names at all.</summary>
    public bool TryGet(string name, [NotNullWhen(true)] out PickleNode? node)
    {
        node = Entries is { } entries && entries.TryGet(name, out PickleValue? value) ? new PickleNode(file, Below(name), value) : null;
        return node is not null;
    }

    public string ToText() => Expect<PickleText>("a str").Value;

    public long ToInt64() => Expect<PickleInt>("an int").Value;

    public bool ToBoolean() => Expect<PickleBool>("a bool").Value;

    /// <summary>A float, or an int as one.</summary>
    public double ToDouble() => Value is PickleInt whole ? whole.Value : Expect<PickleFloat>("a float or an int").Value;

    /// <summary>A tensor, or the data of a parameter.</summary>
    public PickleTensor ToTensor() => Value is PickleParameter parameter ? parameter.Data : Expect<PickleTensor>("a tensor");

    public override string ToString() => $"{Place}: {Value}";

    private string Place => Path.Length == 0 ? "the saved value" : Shown.Name(Path);

    private string Below(string name) => Path.Length == 0 ? name : Path + "." + name;

    private T Expect<T>(string wanted) where T : PickleValue => Value as T ?? throw Wrong(wanted);

    private MxdInputException Wrong(string wanted) =>
        new($"{file}: {Place} is {Value.Kind}, but {wanted} is needed there: it is another kind of file, or another version of the program wrote it.");
}
