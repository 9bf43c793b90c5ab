using System.Reflection;
using System.Text.Json;
using Mxd.Runtime;

namespace Mxd.Training;

/// <summary>What may change when a run goes on: it may become longer, save at other times, and find its files elsewhere; anything else would make it another run.</summary>
public static class ResumeRules
{
    /// <summary>Files may have moved: what is in them is compared instead (<see cref="PreparedRun"/>).</summary>
    private static readonly HashSet<string> free =
    [
        nameof(TrainOptions.Model), nameof(TrainOptions.Text), nameof(TrainOptions.Validation), nameof(TrainOptions.Tokens), nameof(TrainOptions.CheckpointEvery),
    ];

    /// <exception cref="MxdInputException">An option changed that must not, or the run would become shorter; each named.</exception>
    public static void Check(TrainOptions saved, TrainOptions asked)
    {
        List<string> problems = [.. Changes(saved, asked, free, "run")];
        if (asked.Tokens < saved.Tokens)
            problems.Add($"--tokens is {asked.Tokens}, less than the {saved.Tokens} the run began with: give at least as many.");
        if (problems.Count > 0) throw new MxdInputException(string.Join('\n', problems));
    }

    /// <summary>A line for each option that has another value, but for <paramref name="free"/> ones.</summary>
    internal static IEnumerable<string> Changes<T>(T saved, T asked, IReadOnlySet<string> free, string what) where T : class
    {
        foreach (PropertyInfo property in typeof(T).GetProperties())
        {
            if (property.GetCustomAttribute<OptionAttribute>() is not { } option || free.Contains(property.Name)) continue;
            (string? was, string? now) = (Show(property, saved), Show(property, asked));
            if (was == now || (property.Name == nameof(TrainOptions.Activations) && was is not null && now is not null)) continue;
            string began = was is null ? "without it" : $"with {was}";
            yield return $"{option.Name} is {now ?? "left out"}, but the {what} began {began}: leave {option.Name} out to go on, or begin another {what}.";
        }
    }

    /// <summary>A value as a person would write it; null where the option is left out.</summary>
    internal static string? Show(PropertyInfo property, object options) => property.GetValue(options) switch
    {
        null or false or IReadOnlyList<string> { Count: 0 } => null,
        IReadOnlyList<string> paths => string.Join(' ', paths),
        true => "given",
        object value => JsonSerializer.Serialize(value, Json.Compact).Trim('"'),
    };
}
