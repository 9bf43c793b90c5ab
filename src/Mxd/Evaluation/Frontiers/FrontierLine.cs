namespace Mxd.Evaluation.Frontiers;

/// <summary>Points of one type that differ in K alone.</summary>
/// <param name="Points">By K, or by L0 where there is none.</param>
/// <param name="Members">The runs behind each point; none behind published ones.</param>
public sealed record FrontierLine(string Label, string Type, string? Source, IReadOnlyList<FrontierPoint> Points, IReadOnlyList<IReadOnlyList<ComparedRun>> Members)
{
    /// <summary>Has it no units, and therefore no K?</summary>
    public bool IsControl => Layers.LayerTypes.Find(Type) is { HasUnits: false };
}
