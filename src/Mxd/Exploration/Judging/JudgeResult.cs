using Mxd.Chat;
using Mxd.Metrics;

namespace Mxd.Exploration.Judging;

/// <summary>How one unit's samples were judged: an entry of <c>mxd judge --json</c>.</summary>
/// <param name="File">Where the samples are.</param>
/// <param name="Type">Kind of layer; absent where the file does not say.</param>
/// <param name="Units">The units; none for what was not steered.</param>
/// <param name="Concept">0 to 1: how much the samples are about the same (<see cref="JudgeScale"/>, or the mean over the services asked); absent where there is one sample, or no service gave a score.</param>
/// <param name="Fluency">0 to 1: how likely they are as text.</param>
/// <param name="Likeness">Mean cosine of the samples' meanings; absent where the language model did not judge.</param>
/// <param name="Loss">Mean loss of their tokens in nats.</param>
/// <param name="Tokens">How alike they are by their tokens alone.</param>
/// <param name="Judges">Each judge's own scores, where services were asked.</param>
/// <param name="Layers">The language model's layer of each unit; absent where the file does not say.</param>
public sealed record JudgedUnits(
    string File, string? Type, IReadOnlyList<int> Units, double Concept, double Fluency, double? Likeness, double? Loss, SampleLikeness? Tokens, IReadOnlyList<JudgeScore>? Judges = null,
    IReadOnlyList<int>? Layers = null)
{
    /// <summary>The unit, where there is one.</summary>
    public int? Unit => Units.Count == 1 ? Units[0] : null;

    /// <summary>What a figure shows of it: its own scores, or each service's.</summary>
    internal IEnumerable<(double Concept, double Fluency)> Points => Judges is null
        ? double.IsFinite(Fluency) ? [(Concept, Fluency)] : []
        : Judges.Where(j => j.Judge != JudgeScore.Local && double.IsFinite(j.Fluency)).Select(j => (j.Concept, j.Fluency));
}

/// <summary>One judge's scores of a unit's samples.</summary>
/// <param name="Judge">The service's name, or <see cref="Local"/>.</param>
/// <param name="Concept">0 to 1.</param>
/// <param name="Fluency">0 to 1.</param>
/// <param name="Problem">Why there are none; absent where there are.</param>
public sealed record JudgeScore(string Judge, double Concept, double Fluency, string? Problem = null)
{
    /// <summary>The judge that needs no service.</summary>
    public const string Local = "local";
}

/// <summary>Mean and spread of concept and fluency of a file's units.</summary>
/// <param name="File">The file.</param>
/// <param name="Type">Kind of layer.</param>
/// <param name="Units">Units judged.</param>
/// <param name="Concept">Mean.</param>
/// <param name="Fluency">Mean.</param>
/// <param name="ConceptVariance">Over units.</param>
/// <param name="FluencyVariance">Over units.</param>
/// <param name="Covariance">Over units.</param>
public sealed record JudgedSpread(string File, string? Type, int Units, double Concept, double Fluency, double ConceptVariance, double FluencyVariance, double Covariance)
{
    /// <summary>Of the units that have a fluency; those of one sample have no concept, and are left out of its mean, variance and covariance. Of several services' scores each counts by itself, as published: they are pooled.</summary>
    internal static JudgedSpread Of(JudgedFile file, IReadOnlyList<JudgedUnits> units)
    {
        (double Concept, double Fluency)[] whole = [.. units.SelectMany(u => u.Points)];
        (double Concept, double Fluency)[] both = [.. whole.Where(p => double.IsFinite(p.Concept))];
        double[] concept = [.. both.Select(p => p.Concept)], fluency = [.. whole.Select(p => p.Fluency)];
        return new JudgedSpread(
            file.Path, file.Type, units.Count(u => u.Points.Any()), Mean(concept), Mean(fluency), Covariance(concept, concept), Covariance(fluency, fluency),
            Covariance(concept, [.. both.Select(p => p.Fluency)]));

        static double Mean(double[] values) => values.DefaultIfEmpty(double.NaN).Average();

        static double Covariance(double[] a, double[] b)
        {
            double meanA = Mean(a), meanB = Mean(b);
            return a.Length < 2 ? double.NaN : a.Zip(b, (x, y) => (x - meanA) * (y - meanB)).Sum() / (a.Length - 1);
        }
    }
}

/// <summary>What a judge did.</summary>
/// <param name="Judge">The service's name, or <see cref="JudgeScore.Local"/>.</param>
/// <param name="Units">Units it gave scores.</param>
/// <param name="Unscored">Units it gave none that can be read.</param>
/// <param name="Usage">What asking it took; absent where it is no service.</param>
/// <param name="Cost">What that costs, where its price is known.</param>
/// <param name="Failure">Why it was asked no more, before all units were judged; absent where not.</param>
public sealed record JudgeWork(string Judge, int Units, int Unscored, ChatUsage? Usage = null, double? Cost = null, string? Failure = null);

/// <summary>How far two judges agree, over the units that both gave a score.</summary>
public sealed record JudgeAgreement(string First, string Second, Correlation Concept, Correlation Fluency);

/// <summary>What <c>mxd judge</c> found.</summary>
/// <param name="Scores">Each unit of each file.</param>
/// <param name="Unsteered">What was not steered, of each file that has it.</param>
/// <param name="Summary">Each file's mean and spread.</param>
/// <param name="LossOfText">Loss of ordinary text, which is fluency 1; absent, as the next three, where the language model did not judge.</param>
/// <param name="LossOfShuffled">Loss of shuffled tokens, which is fluency 0.</param>
/// <param name="LikenessWithin">Likeness of pieces of one context, which is concept 1.</param>
/// <param name="LikenessBetween">Likeness of pieces of different contexts, which is concept 0.</param>
/// <param name="Judges">What each judge did, where services were asked.</param>
/// <param name="Agreement">How far they agree, two by two.</param>
/// <param name="Stopped">Was it stopped before all units were judged? Absent where not.</param>
public sealed record JudgeResult(
    IReadOnlyList<JudgedUnits> Scores, IReadOnlyList<JudgedUnits> Unsteered, IReadOnlyList<JudgedSpread> Summary,
    double? LossOfText, double? LossOfShuffled, double? LikenessWithin, double? LikenessBetween, IReadOnlyList<JudgeWork>? Judges = null, IReadOnlyList<JudgeAgreement>? Agreement = null, bool? Stopped = null);
