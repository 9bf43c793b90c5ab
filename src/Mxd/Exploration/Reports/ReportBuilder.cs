using Mxd.Activations;
using Mxd.Evaluation;
using Mxd.LanguageModels;
using Mxd.Runtime;
using Mxd.Tokenizers;
using Mxd.Training;

namespace Mxd.Exploration.Reports;

/// <summary>Puts a report together from evaluated runs and, where it is to show units, their layers and a language model that is loaded.</summary>
public static class ReportBuilder
{
    /// <summary>A report without units: from the runs' files alone.</summary>
    public static ReportContent Describe(IReadOnlyList<ReportedRun> runs) =>
        new(TitleOf(runs), runs, null, RunDescription.CurrentVersion, Machine.Describe());

    /// <summary>The same with what the units are active on in a text.</summary>
    /// <param name="report">Without units.</param>
    /// <param name="replacements">The layer of each run, in their order.</param>
    /// <param name="model">The language model they were trained on.</param>
    /// <param name="text">Held-out text.</param>
    /// <param name="files">What it was read from, as named.</param>
    /// <param name="tokenizer">The model's.</param>
    /// <param name="options">How units are looked up.</param>
    /// <param name="units">Units shown of each run, at most.</param>
    /// <param name="progress">Share of the work done, 0 to 1.</param>
    /// <param name="cancellation">Stops between batches.</param>
    public static ReportContent AddUnits(
        ReportContent report,
        IReadOnlyList<Replacement> replacements,
        LanguageModel model,
        PackedContexts text,
        IReadOnlyList<string> files,
        ITokenizer tokenizer,
        ExplorationOptions options,
        int units,
        IProgress<double>? progress = null,
        CancellationToken cancellation = default)
    {
        int[] withUnits = [.. Enumerable.Range(0, replacements.Count).Where(i => replacements[i].Layer.Options.Units > 0)];
        if (withUnits.Length == 0) return report;
        IReadOnlyList<UnitSurvey> surveys = new UnitExplorer(model, text, tokenizer, options).Explore([.. withUnits.Select(i => replacements[i])], progress, cancellation);
        ReportedRun[] runs = [.. report.Runs];
        foreach ((int run, UnitSurvey survey) in withUnits.Zip(surveys)) runs[run] = runs[run] with { Units = ReportedUnits.Of(survey, units) };
        return report with { Runs = runs, Text = new SurveyedText(files, surveys[0].Usage.Contexts, text.ContextLength, Dtypes.Name(model.Dtype)) };
    }

    private static string TitleOf(IReadOnlyList<ReportedRun> runs)
    {
        string what = runs.Count == 1 ? $"{LayerName.Of(runs[0])}" : $"{runs.Count} layers";
        string[] models = [.. runs.Select(r => r.Saved.ModelName).OfType<string>().Distinct()];
        return models.Length == 1 ? $"{what} for {models[0]}" : what;
    }
}
