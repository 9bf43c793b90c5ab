using System.Reflection;
using System.Text.Json.Serialization;
using Mxd.Layers;
using Mxd.Runtime;

namespace Mxd.Training;

/// <summary>
/// A sweep: one configuration for each combination of what is listed, all else the same. What a type has no use for is left out of its configurations,
/// so that controls appear once and not once for each K.
/// </summary>
public sealed record SweepOptions
{
    private const double DefaultRate = 1e-3;

    /// <summary>What all configurations share; of what is listed here, the lists go before.</summary>
    public required TrainOptions Base { get; init; }

    [Option("--type", "Kinds of layers, with commas between: mxd or transcoder, with glu-, skip- or glu-skip- before it; sae; controls dense and linear.", ValueName = "names", IsList = true)]
    public IReadOnlyList<string> Type { get; init; } = ["mxd"];

    [Option("--layer", "The layers whose MLP is replaced, counted from 0.", ValueName = "numbers", IsList = true)]
    public IReadOnlyList<int> Layer { get; init; } = [];

    [Option("--k", "Units active on a token (default 32).", ValueName = "numbers", IsList = true)]
    public IReadOnlyList<int> K { get; init; } = [];

    [Option("--l1", "Instead of --k: weights of the sum of all active units in the loss.", ValueName = "numbers", IsList = true)]
    public IReadOnlyList<double> L1 { get; init; } = [];

    [Option("--experts", "Numbers of units: experts of an mxd, latents of a transcoder or sae.", ValueName = "numbers", IsList = true)]
    public IReadOnlyList<long> Experts { get; init; } = [];

    [Option("--multiplier", "Instead of --experts: as many units (for dense, as wide a hidden layer) as give the parameters of a transcoder this many times as wide as its input (default 32).", ValueName = "numbers", IsList = true)]
    public IReadOnlyList<long> Multiplier { get; init; } = [];

    [Option("--lr", "Learning rates of AdamW.", ValueName = "numbers", IsList = true)]
    public IReadOnlyList<double> LearningRate { get; init; } = [DefaultRate];

    [Option("--seed", "Seeds of initial weights. The order of the text is the same for all: --data-seed, by default the first of these.", ValueName = "numbers", IsList = true)]
    public IReadOnlyList<long> Seed { get; init; } = [0];

    [Option("--contexts", "Held-out contexts to evaluate each layer on after training; 0 leaves it out.")]
    public int Contexts { get; init; } = 128;

    /// <summary>1 where the layers must be measured.</summary>
    [JsonIgnore]
    public int LeastContexts { get; init; }

    /// <summary>Options of <see cref="TrainOptions"/> that are lists here.</summary>
    public static IReadOnlyList<string> Listed { get; } =
    [
        nameof(TrainOptions.Type), nameof(TrainOptions.Layer), nameof(TrainOptions.K), nameof(TrainOptions.L1), nameof(TrainOptions.Experts),
        nameof(TrainOptions.Multiplier), nameof(TrainOptions.LearningRate), nameof(TrainOptions.Seed),
    ];

    /// <summary>Every configuration, in the order of the lists, each once.</summary>
    [JsonIgnore]
    public IReadOnlyList<TrainOptions> Configurations =>
    [
        .. (from type in Type
            from layer in Or(Layer, Base.Layer)
            from size in Sizes(type)
            from k in OrNone(K)
            from l1 in OrNone(L1)
            from rate in LearningRate
            from seed in Seed
            select Fitting(Base with
            {
                Type = type,
                Layer = layer,
                Experts = size.Experts,
                Multiplier = size.Multiplier,
                Hidden = size.Hidden,
                K = k,
                L1 = l1,
                LearningRate = rate,
                Seed = seed,
                DataSeed = Base.DataSeed ?? (Seed.Count > 0 ? Seed[0] : 0),
            })).DistinctBy(Key),
    ];

    /// <summary>Two with the same text are the same configuration.</summary>
    internal static string Key(TrainOptions options) =>
        string.Join('|', typeof(TrainOptions).GetProperties().Where(p => p.GetCustomAttribute<OptionAttribute>() is not null).Select(p => ResumeRules.Show(p, options)));

    /// <summary>Rules of the lists themselves, each broken one a line; what a value may be is each configuration's affair.</summary>
    public IEnumerable<string> Problems()
    {
        (string Option, IEnumerable<object> Values)[] lists =
        [
            ("--type", Type), ("--layer", Layer.Cast<object>()), ("--k", K.Cast<object>()), ("--l1", L1.Cast<object>()), ("--experts", Experts.Cast<object>()),
            ("--multiplier", Multiplier.Cast<object>()), ("--lr", LearningRate.Cast<object>()), ("--seed", Seed.Cast<object>()),
        ];
        foreach ((string option, IEnumerable<object> values) in lists)
            foreach (object twice in values.GroupBy(v => v).Where(g => g.Count() > 1).Select(g => g.Key))
                yield return FormattableString.Invariant($"{option} has {twice} twice: name it once.");
        if (Experts.Count > 0 && Multiplier.Count > 0) yield return "--experts and --multiplier were both given; they set the same number: give one.";
        if (Contexts < LeastContexts) yield return $"--contexts is {Contexts}; it must be at least {LeastContexts}.";
    }

    /// <summary>
    /// A dense control is as wide as --hidden says, or as --multiplier's parameters ask for; where both are given there is one of each, the first
    /// being an mxd's hidden layer alone and the second all its parameters.
    /// </summary>
    private IEnumerable<(long? Experts, long? Multiplier, long? Hidden)> Sizes(string type)
    {
        LayerType? kind = LayerTypes.Find(type);
        if (kind is { HasUnits: false, HasHidden: false }) return [(null, null, null)];
        if (kind is { HasUnits: false })
        {
            IEnumerable<(long?, long?, long?)> matched = Multiplier.Select(m => ((long?)null, (long?)m, (long?)null));
            return Base.Hidden is not null || Multiplier.Count == 0 ? matched.Prepend((null, null, Base.Hidden)) : matched;
        }
        long? hidden = kind is { HasHidden: false } ? null : Base.Hidden;
        return from experts in OrNone(Experts) from multiplier in OrNone(Multiplier) select (experts, multiplier, hidden);
    }

    /// <summary>Without what the type has no use for.</summary>
    private static TrainOptions Fitting(TrainOptions o)
    {
        LayerType? type = LayerTypes.Find(o.Type);
        if (type is { HasUnits: false }) o = o with { K = null, L1 = null, SparsityKind = null, L0 = null, Bandwidth = null, AuxK = null, DeadAfter = null, UnitNorm = false, NoUnitNorm = false };
        if (type is { HasUnits: false } or { HasHidden: true }) o = o with { Init = "reference" };
        if (type is { DefaultActivation: null }) o = o with { Activation = null };
        // Solved for: neither a rate nor first weights decide what it becomes.
        return type is { IsFitted: true } ? o with { LearningRate = DefaultRate, Seed = o.ShuffleSeed, Schedule = "constant", Warmup = 0 } : o;
    }

    private static IReadOnlyList<T> Or<T>(IReadOnlyList<T> values, T otherwise) => values.Count > 0 ? values : [otherwise];

    private static IEnumerable<T?> OrNone<T>(IReadOnlyList<T> values) where T : struct => values.Count > 0 ? values.Select(v => (T?)v) : [null];
}
