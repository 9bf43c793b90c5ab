using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Mxd.Formats.Pickle;

/// <summary>A <c>dict</c> whose keys are texts or whole numbers, in the order of the file.</summary>
public class PickleDict : PickleContainer, IEnumerable<KeyValuePair<PickleValue, PickleValue>>
{
    private OrderedDictionary<PickleValue, PickleValue>? entries;

    public int Count => entries?.Count ?? 0;

    internal override string Kind => $"a dict of {Count}";

    internal override int ChildCount => Count;

    /// <summary>Whether some key is a whole number. Counted as keys come, so that asking often costs nothing.</summary>
    internal bool HasNumbers { get; private set; }

    private OrderedDictionary<PickleValue, PickleValue> Made => entries ??= new(PickleKeyComparer.Instance);

    /// <summary>Reading a key that is absent is a mistake of the caller's; see <see cref="TryGet"/>, and <see cref="PickleNode"/> for files.</summary>
    public PickleValue this[string key]
    {
        get => TryGet(key, out PickleValue? value) ? value : throw new KeyNotFoundException($"{Shown.Name(key)} is not in {Kind}.");
        set => Made[new PickleText(key)] = value;
    }

    public bool TryGet(string key, [NotNullWhen(true)] out PickleValue? value)
    {
        value = null;
        return entries?.TryGetValue(new PickleText(key), out value) ?? false;
    }

    /// <exception cref="ArgumentException">The key is there already, or is neither a text nor a whole number.</exception>
    public void Add(PickleValue key, PickleValue value)
    {
        if (!IsKey(key)) throw new ArgumentException($"{key.Kind} cannot be a key; a str or an int can.", nameof(key));
        if (!TryAdd(key, value)) throw new ArgumentException($"{key.Kind} is a key already.", nameof(key));
    }

    public IEnumerator<KeyValuePair<PickleValue, PickleValue>> GetEnumerator() =>
        (entries ?? Enumerable.Empty<KeyValuePair<PickleValue, PickleValue>>()).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal static bool IsKey(PickleValue value) => value is PickleText or PickleInt;

    internal bool TryAdd(PickleValue key, PickleValue value)
    {
        HasNumbers |= key is PickleInt;
        return Made.TryAdd(key, value);
    }

    internal override PickleValue Child(int index) => entries!.GetAt(index).Value;
}
