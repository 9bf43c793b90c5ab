using System.Reflection;
using Mxd.Runtime;

namespace Mxd.Training;

/// <summary>Which options the configurations of one language-model pass must have in common: those that say what goes through it, and in which order.</summary>
public static class SharedOptions
{
    private static readonly string[] shared =
    [
        nameof(TrainOptions.Activations), nameof(TrainOptions.Model), nameof(TrainOptions.ModelDtype), nameof(TrainOptions.Device), nameof(TrainOptions.HarvestBatch),
        nameof(TrainOptions.Text), nameof(TrainOptions.TextField), nameof(TrainOptions.SkipBad), nameof(TrainOptions.Context), nameof(TrainOptions.Tokens),
        nameof(TrainOptions.Batch), nameof(TrainOptions.Buffer),
        nameof(TrainOptions.Validation), nameof(TrainOptions.HeldOut), nameof(TrainOptions.ValidationContexts),
    ];

    /// <summary>A line for each option in which the configurations differ and may not.</summary>
    /// <exception cref="ArgumentException">There is no configuration.</exception>
    public static IEnumerable<string> Problems(IReadOnlyList<TrainOptions> configurations)
    {
        if (configurations.Count == 0) throw new ArgumentException("There is no configuration.", nameof(configurations));
        foreach (string name in shared)
        {
            PropertyInfo property = typeof(TrainOptions).GetProperty(name)!;
            if (Differing(configurations, o => ResumeRules.Show(property, o) ?? "left out") is { } values)
                yield return Line(property.GetCustomAttribute<OptionAttribute>()!.Name, values);
        }
        if (Differing(configurations, o => FormattableString.Invariant($"{o.ShuffleSeed}")) is { } seeds) yield return Line("--data-seed", seeds);
    }

    private static string[]? Differing(IReadOnlyList<TrainOptions> configurations, Func<TrainOptions, string> value) =>
        configurations.Select(value).Distinct().Take(2).ToArray() is [_, _] two ? two : null;

    private static string Line(string option, string[] values) =>
        $"{option} is {values[0]} in one configuration and {values[1]} in another, but one pass of the language model feeds all: give all the same.";
}
