namespace Mxd.Exploration;

/// <summary>How units are looked up in a text.</summary>
public sealed record ExplorationOptions
{
    /// <summary>The units that are looked at more closely than their use; null for all.</summary>
    public IReadOnlySet<int>? Only { get; init; }

    /// <summary>Is what units add to the layer's output measured too? It takes what the layer stands in for, and 16 bytes a unit and value of the output.</summary>
    internal bool MeasuresContributions { get; init; }

    /// <summary>Contexts of the text to go through, from its beginning.</summary>
    public int Contexts { get; init; } = 256;

    /// <summary>Tokens in a forward pass, at least one context.</summary>
    public int BatchTokens { get; init; } = 1024;

    /// <summary>Strongest contexts kept of each unit.</summary>
    public int Strongest { get; init; } = 5;

    /// <summary>Further contexts shown of each unit, spread over the range of its activation.</summary>
    public int Spread { get; init; } = 4;

    /// <summary>Contexts drawn at random of those each unit is active in, from which the further ones are taken.</summary>
    public int Sample { get; init; } = 24;

    /// <summary>Tokens shown before the one on which a unit is most active.</summary>
    public int Before { get; init; } = 20;

    /// <summary>Tokens shown after it.</summary>
    public int After { get; init; } = 10;

    internal bool Watches(int unit) => Only?.Contains(unit) ?? true;
}
