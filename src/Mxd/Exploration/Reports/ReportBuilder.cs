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

    /// <summary>The same for runs whose layers are loaded here, as many at once as fit into some memory; the language model runs once for each such group.</summary>
    /// <param name="report">Without units.</param>
    /// <param name="runs">The runs, in their order.</param>
    /// <param name="model">The language model they were trained on.</param>
    /// <param name="text">Held-out text.</param>
    /// <param name="files">What it was read from, as named.</param>
    /// <param name="tokenizer">The model's.</param>
    /// <param name="options">How units are looked up.</param>
    /// <param name="units">Units shown of each run, at most.</param>
    /// <param name="bytes">Bytes that layers and what is kept of their units may take.</param>
    /// <param name="progress">Share of the work done, 0 to 1.</param>
    /// <param name="cancellation">Stops between batches.</param>
    public static ReportContent AddUnits(
        ReportContent report,
        IReadOnlyList<EvalRun> runs,
        LanguageModel model,
        PackedContexts text,
        IReadOnlyList<string> files,
        ITokenizer tokenizer,
        ExplorationOptions options,
        int units,
        long bytes,
        IProgress<double> progress,
        CancellationToken cancellation)
    {
        List<ReportedRun> looked = [];
        SurveyedText? surveyed = null;
        foreach (EvalRun[] some in RunGroups.Divide(runs, run => RunGroups.WeightBytes(run) + run.Saved.Layer.Units * UnitTally.MostBytes(options), bytes))
        {
            List<Replacement> replacements = [];
            try
            {
                foreach (EvalRun run in some) replacements.Add(run.Load(model.Device));
                ReportContent part = report with { Runs = [.. report.Runs.Skip(looked.Count).Take(some.Length)] };
                var share = new PartOfProgress(progress, (double)looked.Count / runs.Count, (double)some.Length / runs.Count);
                part = AddUnits(part, replacements, model, text, files, tokenizer, options, units, share, cancellation);
                looked.AddRange(part.Runs);
                surveyed ??= part.Text;
            }
            finally
            {
                foreach (Replacement replacement in replacements) replacement.Layer.Dispose();
            }
        }
        return report with { Runs = looked, Text = surveyed };
    }

    private static string TitleOf(IReadOnlyList<ReportedRun> runs)
    {
        string what = runs.Count == 1 ? $"{LayerName.Of(runs[0])}" : $"{runs.Count} layers";
        string[] models = [.. runs.Select(r => r.Saved.ModelName).OfType<string>().Distinct()];
        return models.Length == 1 ? $"{what} for {models[0]}" : what;
    }
}
