namespace Mxd.Corpora;

/// <summary>Rows that were passed over because no text could be taken from them; without one of these, the first ends the reading.</summary>
public sealed class BadRows
{
    public long Count { get; private set; }

    /// <summary>What was wrong with the first.</summary>
    public string? First { get; private set; }

    internal void Add(string problem)
    {
        Count++;
        First ??= problem;
    }

    /// <summary>What a person is told; null where no row was bad.</summary>
    public string? Describe() => Count == 0 ? null : $"{Count:n0} bad row{(Count == 1 ? "" : "s")} skipped; the first: {First}";
}
