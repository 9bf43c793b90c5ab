namespace Mxd.Formats.Pickle;

/// <summary>Values that a pickle refers to by number. Picklers count up from 0.</summary>
internal sealed class PickleMemo(PickleCursor cursor)
{
    private readonly List<PickleValue?> values = [];
    private int count;

    /// <param name="instructions">Instructions so far: no pickler has come to a higher number, and none takes room for one.</param>
    public void Put(uint index, PickleValue value, int instructions)
    {
        if (index >= (uint)instructions)
            throw cursor.Damaged($"stores a value under the number {index} after {instructions} instructions, and picklers count up from 0");
        while (values.Count <= (int)index) values.Add(null);
        if (values[(int)index] is null) count++;
        values[(int)index] = value;
    }

    /// <summary>Puts under the number of values stored so far.</summary>
    public void Append(PickleValue value, int instructions) => Put((uint)count, value, instructions);

    public PickleValue Get(uint index) =>
        (index < (uint)values.Count ? values[(int)index] : null) ?? throw cursor.Damaged($"refers to the value number {index}, which it has not stored");
}
