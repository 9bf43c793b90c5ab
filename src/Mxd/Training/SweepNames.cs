using System.Globalization;
using Mxd.Layers;
using Mxd.Runtime;

namespace Mxd.Training;

/// <summary>Names of a sweep's run folders: the type, and of the rest what varies, such as <c>mxd-k32-lr0.001-s0</c>.</summary>
internal static class SweepNames
{
    private static readonly (string Prefix, Func<TrainOptions, object?> Value)[] parts =
    [
        ("layer", o => o.Layer), ("k", o => o.K), ("l1-", o => o.L1), ("n", o => o.Experts), ("x", o => o.Multiplier), ("h", o => o.Hidden),
        ("lr", o => LayerTypes.Find(o.Type) is { IsFitted: true } ? null : o.LearningRate), ("s", o => LayerTypes.Find(o.Type) is { IsFitted: true } ? null : o.Seed),
    ];

    /// <summary>A name for each configuration; those that are in <paramref name="known"/> by their <paramref name="key"/> keep theirs.</summary>
    public static IReadOnlyList<string> Of(IReadOnlyList<TrainOptions> configurations, IReadOnlyDictionary<string, string> known, Func<TrainOptions, string> key)
    {
        (string Prefix, Func<TrainOptions, object?> Value)[] varying = [.. parts.Where(part => Varies(configurations, part.Value))];
        List<string> names = [];
        HashSet<string> taken = new(known.Values, StringComparer.OrdinalIgnoreCase);
        foreach (TrainOptions o in configurations)
        {
            if (!known.TryGetValue(key(o), out string? name))
            {
                string plain = o.Type + string.Concat(varying.Where(part => part.Value(o) is not null).Select(part => string.Create(CultureInfo.InvariantCulture, $"-{part.Prefix}{Shown(part.Value(o))}")));
                name = plain;
                for (int i = 2; !taken.Add(name); i++) name = string.Create(CultureInfo.InvariantCulture, $"{plain}-{i}");
            }
            names.Add(name);
        }
        return names;
    }

    private static object? Shown(object? value) => value is double number ? SmallNumber.Write(number) : value;

    /// <summary>Within a type: what differs between types only, such as a hidden width, is said by the type.</summary>
    private static bool Varies(IReadOnlyList<TrainOptions> configurations, Func<TrainOptions, object?> value) =>
        configurations.GroupBy(o => o.Type).Any(type => type.Select(value).Distinct().Count() > 1);
}
