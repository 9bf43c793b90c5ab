namespace Mxd.Layers;

/// <summary>A layer's parameters by key, while it is put together.</summary>
internal sealed class ParameterSet(IReadOnlyList<Parameter> parameters)
{
    public Parameter this[string key] => Find(key) ?? throw new InvalidOperationException($"A layer was put together without its parameter {key}.");

    public Parameter? Find(string key) => parameters.FirstOrDefault(p => p.Key == key);

    /// <summary>The second branch of a GLU variant, or null.</summary>
    public GluBranch? Glu() => Find("W_glu.weight") is { } weights ? new GluBranch(weights, this["W_glu.bias"]) : null;
}
