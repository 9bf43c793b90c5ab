namespace Mxd.Exploration.Health;

/// <summary>How a layer's units are used on a text.</summary>
/// <param name="Summary">All of them in a few numbers.</param>
/// <param name="AlwaysOn">Units active on more than half of the tokens, which tell no token from another.</param>
/// <param name="CoActive">Pairs that are active together most, among the 512 units active on most tokens.</param>
/// <param name="Text">Files of the text.</param>
public sealed record UnitsInUse(UsageSummary Summary, IReadOnlyList<int> AlwaysOn, IReadOnlyList<CoActiveUnits> CoActive, IReadOnlyList<string> Text)
{
    private const int ShownPairs = 10;

    /// <summary>What a trace says.</summary>
    public static UnitsInUse Of(UnitTrace trace, IReadOnlyList<string> text)
    {
        UnitUsage usage = trace.Usage;
        return new UnitsInUse(usage.Summarise(), [.. Enumerable.Range(0, trace.Units).Where(unit => 2 * usage.Counts[unit] > trace.Tokens)], CoActivation.Of(trace, ShownPairs), text);
    }
}
