namespace Mxd.Exploration.Judging;

/// <summary>How one unit's samples were judged: an entry of <c>mxd judge --json</c>.</summary>
/// <param name="File">Where the samples are.</param>
/// <param name="Type">Kind of layer; absent where the file does not say.</param>
/// <param name="Units">The units; none for what was not steered.</param>
/// <param name="Concept">0 to 1: how much the samples are about the same (<see cref="JudgeScale"/>); absent where there is one sample.</param>
/// <param name="Fluency">0 to 1: how likely they are as text.</param>
/// <param name="Likeness">Mean cosine of the samples' meanings.</param>
/// <param name="Loss">Mean loss of their tokens in nats.</param>
/// <param name="Tokens">How alike they are by their tokens alone.</param>
/// <param name="Layers">The language model's layer of each unit; absent where the file does not say.</param>
public sealed record JudgedUnits(string File, string? Type, IReadOnlyList<int> Units, double Concept, double Fluency, double Likeness, double Loss, SampleLikeness Tokens, IReadOnlyList<int>? Layers = null)
{
    /// <summary>The unit, where there is one.</summary>
    public int? Unit => Units.Count == 1 ? Units[0] : null;
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
    /// <summary>Of the units that have a fluency; those of one sample have no concept.</summary>
    internal static JudgedSpread Of(JudgedFile file, IReadOnlyList<JudgedUnits> units)
    {
        JudgedUnits[] whole = [.. units.Where(u => double.IsFinite(u.Fluency))];
        double concept = Mean(u => u.Concept), fluency = Mean(u => u.Fluency);
        return new JudgedSpread(
            file.Path, file.Type, whole.Length, concept, fluency, Spread(u => (u.Concept - concept) * (u.Concept - concept)), Spread(u => (u.Fluency - fluency) * (u.Fluency - fluency)),
            Spread(u => (u.Concept - concept) * (u.Fluency - fluency)));

        double Mean(Func<JudgedUnits, double> of) => whole.Select(of).DefaultIfEmpty(double.NaN).Average();

        double Spread(Func<JudgedUnits, double> of) => whole.Length < 2 ? double.NaN : whole.Sum(of) / (whole.Length - 1);
    }
}

/// <summary>What <c>mxd judge</c> found.</summary>
/// <param name="Scores">Each unit of each file.</param>
/// <param name="Unsteered">What was not steered, of each file that has it.</param>
/// <param name="Summary">Each file's mean and spread.</param>
/// <param name="LossOfText">Loss of ordinary text, which is fluency 1.</param>
/// <param name="LossOfShuffled">Loss of shuffled tokens, which is fluency 0.</param>
/// <param name="LikenessWithin">Likeness of pieces of one context, which is concept 1.</param>
/// <param name="LikenessBetween">Likeness of pieces of different contexts, which is concept 0.</param>
/// <param name="Stopped">Was it stopped before all units were judged? Absent where not.</param>
public sealed record JudgeResult(
    IReadOnlyList<JudgedUnits> Scores, IReadOnlyList<JudgedUnits> Unsteered, IReadOnlyList<JudgedSpread> Summary,
    double LossOfText, double LossOfShuffled, double LikenessWithin, double LikenessBetween, bool? Stopped = null);
