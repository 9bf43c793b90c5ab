using System.Runtime.InteropServices;

namespace Mxd.Formats.Pickle;

/// <summary>The machine's stack. A mark is a floor: only what stands above the last one can be taken.</summary>
internal sealed class PickleStack(PickleCursor cursor)
{
    private readonly List<PickleValue> values = [];
    private readonly List<int> marks = [];

    /// <summary>Values, those below marks included.</summary>
    public int Count => values.Count;

    public bool HasMarks => marks.Count > 0;

    private int Floor => marks.Count > 0 ? marks[^1] : 0;

    public PickleValue Top
    {
        get
        {
            RequireValues(1);
            return values[^1];
        }
    }

    public void Push(PickleValue value) => values.Add(value);

    public PickleValue Pop()
    {
        PickleValue value = Top;
        values.RemoveAt(values.Count - 1);
        return value;
    }

    public PickleTuple PopTuple(int count)
    {
        RequireValues(count);
        var tuple = new PickleTuple([.. CollectionsMarshal.AsSpan(values)[^count..]]);
        values.RemoveRange(values.Count - count, count);
        return tuple;
    }

    public void Mark() => marks.Add(values.Count);

    /// <summary>Takes the last mark and all that stands above it.</summary>
    public PickleValue[] PopToMark()
    {
        if (!HasMarks) throw cursor.Damaged("has an instruction that needs a mark, and there is none");
        int floor = Floor;
        PickleValue[] taken = [.. CollectionsMarshal.AsSpan(values)[floor..]];
        values.RemoveRange(floor, taken.Length);
        marks.RemoveAt(marks.Count - 1);
        return taken;
    }

    /// <summary>Python's POP takes a mark where one is on top.</summary>
    public void PopValueOrMark()
    {
        if (HasMarks && Floor == values.Count) marks.RemoveAt(marks.Count - 1);
        else Pop();
    }

    private void RequireValues(int count)
    {
        if (values.Count - Floor < count) throw cursor.Damaged("has an instruction that takes more values than there are");
    }
}
