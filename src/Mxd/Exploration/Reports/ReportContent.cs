using Mxd.Runtime;

namespace Mxd.Exploration.Reports;

/// <summary>All that a report shows. The page is a function of it alone.</summary>
/// <param name="Title">Its heading.</param>
/// <param name="Runs">At least one.</param>
/// <param name="Text">What the units were looked up in; null where they were not.</param>
/// <param name="Version">Version of mxd that makes the report.</param>
/// <param name="Machine">Where it is made.</param>
public sealed record ReportContent(string Title, IReadOnlyList<ReportedRun> Runs, SurveyedText? Text, string Version, Machine Machine);

/// <summary>The text that units were looked up in.</summary>
/// <param name="Files">As they were named.</param>
/// <param name="Contexts">Contexts of it.</param>
/// <param name="ContextLength">Tokens a context.</param>
/// <param name="ModelDtype">Precision the language model ran in.</param>
public sealed record SurveyedText(IReadOnlyList<string> Files, long Contexts, int ContextLength, string ModelDtype);

/// <summary>What a report shows of a layer's units.</summary>
/// <param name="Usage">All of them in a few numbers.</param>
/// <param name="Sample">A few of them.</param>
public sealed record ReportedUnits(UsageSummary Usage, IReadOnlyList<ReportedUnit> Sample)
{
    /// <summary>Chooses at most <paramref name="count"/> units by <see cref="UnitSelection"/>.</summary>
    public static ReportedUnits Of(UnitSurvey survey, int count) =>
        new(survey.Usage.Summarise(), [.. UnitSelection.Choose(survey, count).Select(chosen => new ReportedUnit(chosen, survey.ContextsOf(chosen.Unit)))]);
}

/// <summary>A unit of the sample: why it is there, and where it is active.</summary>
public sealed record ReportedUnit(ChosenUnit Chosen, UnitContexts Contexts);
