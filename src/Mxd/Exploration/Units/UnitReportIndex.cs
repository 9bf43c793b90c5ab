namespace Mxd.Exploration.Units;

/// <summary>What reports on many units of a layer were made of, and where each lies: <c>RUN/units/units.json</c>.</summary>
/// <param name="Run">The run's folder.</param>
/// <param name="Type">Kind of layer.</param>
/// <param name="LayerUnits">Units there are.</param>
/// <param name="TrainedTokens">Tokens the layer had been trained on; absent where nothing says.</param>
/// <param name="WeightsHash">SHA-256 of the language model's file.</param>
/// <param name="ModelDtype">Precision it ran in.</param>
/// <param name="Other">The run in which matches were looked for; absent where none was named.</param>
/// <param name="Text">Files of the text; absent where there was none at hand.</param>
/// <param name="TextHash">SHA-256 of the tokens of the contexts looked at.</param>
/// <param name="ContextLength">Tokens a context.</param>
/// <param name="Removal">Contexts of each unit in which its removal was measured.</param>
/// <param name="Usage">All units in a few numbers.</param>
/// <param name="Stability">How well units in use match one of the other run.</param>
/// <param name="Stopped">Was it stopped before all units that were asked for? Absent where not.</param>
/// <param name="Units">The units there are reports on, in their order.</param>
/// <param name="Offsets">Where each one's line begins in <c>units.jsonl</c>, in bytes, and where the last one ends.</param>
public sealed record UnitReportIndex(
    string Run,
    string Type,
    long LayerUnits,
    long? TrainedTokens,
    string WeightsHash,
    string ModelDtype,
    string? Other,
    IReadOnlyList<string>? Text,
    string? TextHash,
    int? ContextLength,
    int Removal,
    UsageSummary? Usage,
    UnitStability? Stability,
    bool? Stopped,
    IReadOnlyList<int> Units,
    IReadOnlyList<long> Offsets);

/// <summary>How well units match those of a layer trained from another seed: the cosine of the best match, of units that are active on the text, where there is one.</summary>
/// <param name="Units">Units compared.</param>
/// <param name="MedianEncoder">Median cosine of what they look for.</param>
/// <param name="MedianDecoder">Median cosine of what they do; of experts, which are not compared in it, there is none.</param>
/// <param name="Matched">Units of which each cosine is 0.7 or more, both of the same unit.</param>
public sealed record UnitStability(int Units, double MedianEncoder, double MedianDecoder, int Matched)
{
    private const double Alike = 0.7;

    /// <summary>Null where nothing was compared.</summary>
    internal static UnitStability? Of(IReadOnlyList<UnitNeighbours> best)
    {
        (NearUnit Encoder, NearUnit? Decoder)[] pairs = [.. best.Where(b => b.Encoder.Count > 0).Select(b => (b.Encoder[0], b.Decoder is [var does, ..] ? does : null))];
        return pairs.Length == 0
            ? null
            : new UnitStability(
                pairs.Length, Median(pairs.Select(p => p.Encoder.Cosine)), Median(pairs.Select(p => p.Decoder?.Cosine).OfType<double>()),
                pairs.Count(p => p.Encoder.Cosine >= Alike && (p.Decoder is not { } does || (does.Cosine >= Alike && does.Unit == p.Encoder.Unit))));

        static double Median(IEnumerable<double> values)
        {
            double[] sorted = [.. values.Order()];
            return sorted.Length == 0 ? double.NaN : (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
        }
    }
}
