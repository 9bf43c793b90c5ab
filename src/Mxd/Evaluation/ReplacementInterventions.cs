using System.Globalization;
using Mxd.LanguageModels;
using static TorchSharp.torch;

namespace Mxd.Evaluation;

/// <summary>The interventions of an evaluation, each there once however many costs need it.</summary>
internal sealed class ReplacementInterventions(LanguageModel model, IReadOnlyList<Replacement> replacements, IReadOnlyList<Tensor> means)
{
    private readonly Dictionary<string, int> known = [];
    private readonly List<Intervention> all = [];

    public IReadOnlyList<Intervention> All => all;

    /// <summary>The places of those of a set of replacements at different outputs. Where the set without its last was named before, and ends before that begins, the last goes on from there.</summary>
    /// <param name="set">Numbers of the replacements.</param>
    public InterventionPlaces Of(IReadOnlyList<int> set) => new(
        Place("spliced", set, i => i.ToString(CultureInfo.InvariantCulture), i => replacements[i].FirstLayer, i => replacements[i].Splice(model)),
        // Replacements of one output have the same ablations.
        Place("zero", set, i => replacements[i].Output.ToString(), i => replacements[i].Output.Layer, i => replacements[i].Ablate(model, zeros_like(means[i]))),
        Place("mean", set, i => replacements[i].Output.ToString(), i => replacements[i].Output.Layer, i => replacements[i].Ablate(model, means[i])));

    private int Place(string kind, IReadOnlyList<int> set, Func<int, string> name, Func<int, int> first, Func<int, IDisposable> apply)
    {
        string key = Key(set.Count);
        if (known.TryGetValue(key, out int place)) return place;
        int last = set[^1];
        bool goesOn = set.Count > 1 && set.SkipLast(1).Max(i => replacements[i].Output.Layer) < first(last) && known.ContainsKey(Key(set.Count - 1));
        all.Add(goesOn
            ? new Intervention(first(last), () => apply(last)) { After = known[Key(set.Count - 1)] }
            : new Intervention(set.Min(first), () => new Splices([.. set.Select(apply)])));
        return known[key] = all.Count - 1;

        string Key(int count) => $"{kind} {string.Join(' ', set.Take(count).Select(name))}";
    }
}

/// <summary>Where among the interventions those of one cost stand.</summary>
internal sealed record InterventionPlaces(int Spliced, int Zero, int Mean);
