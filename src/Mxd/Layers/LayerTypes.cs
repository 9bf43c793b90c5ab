using Mxd.Runtime;

namespace Mxd.Layers;

/// <summary>Every kind of layer there is, by name.</summary>
public static class LayerTypes
{
    private static readonly List<LayerType> known =
    [
        Mixtures.Plain, Mixtures.Glu, Mixtures.Skip, Mixtures.GluSkip,
        Dictionaries.Transcoder, Dictionaries.GluTranscoder, Dictionaries.SkipTranscoder, Dictionaries.GluSkipTranscoder, Dictionaries.Sae,
        DenseLayer.Kind, LinearLayer.Kind,
    ];

    private static readonly Lock change = new();

    public static IReadOnlyList<LayerType> All
    {
        get
        {
            lock (change) return [.. known];
        }
    }

    public static IReadOnlyList<string> Names => [.. All.Select(t => t.Name)];

    /// <summary>Makes a kind of layer known to everything that names one: options, files, commands.</summary>
    /// <exception cref="ArgumentException">There is one of that name.</exception>
    public static void Register(LayerType type)
    {
        lock (change)
        {
            if (known.Exists(t => t.Name == type.Name)) throw new ArgumentException($"A layer type '{type.Name}' is registered already.", nameof(type));
            known.Add(type);
        }
    }

    public static LayerType? Find(string name) => All.FirstOrDefault(t => t.Name == name);

    /// <exception cref="MxdInputException">The name is none of <see cref="Names"/>.</exception>
    public static LayerType Get(string name) =>
        Find(name) ?? throw new MxdInputException($"Layer type '{name}' is not known; choose one of {string.Join(", ", Names)}.");
}
