using System.Text;
using System.Text.Json;
using Mxd.Layers;
using Mxd.Metrics;
using Mxd.Runtime;

namespace Mxd.Training;

/// <summary>A line of metrics.jsonl.</summary>
/// <param name="Step">Updates made.</param>
/// <param name="Tokens">Tokens trained on.</param>
/// <param name="LearningRate">Of the last update.</param>
/// <param name="Loss">Terms of the loss on the last batch, before its update.</param>
/// <param name="L0">Mean active units a token of that batch.</param>
/// <param name="SilentUnits">Units active on no token since the line before.</param>
/// <param name="Validation">On held-out tokens, after the update.</param>
/// <param name="TokensPerSecond">Of the run so far, everything included.</param>
/// <param name="HarvestTokensPerSecond">Of the language model alone.</param>
/// <param name="TrainingTokensPerSecond">Of the training steps alone.</param>
public sealed record MetricsLine(
    long Step,
    long Tokens,
    double LearningRate,
    LossTerms Loss,
    double L0,
    long SilentUnits,
    Reconstruction Validation,
    double TokensPerSecond,
    double HarvestTokensPerSecond,
    double TrainingTokensPerSecond)
{
    /// <summary>What it says, by the names that TensorBoard shows; null where there is no such term.</summary>
    public IEnumerable<KeyValuePair<string, double?>> Scalars() =>
    [
        new("train/loss", Loss.Total),
        new("train/norm_scaled_mse", Loss.NormScaledMse),
        new("train/l1", Loss.L1),
        new("train/l0_penalty", Loss.L0),
        new("train/auxk", Loss.AuxK),
        new("train/active_units", L0),
        new("train/silent_units", SilentUnits),
        new("train/learning_rate", LearningRate),
        new("train/tokens", Tokens),
        new("validation/fvu", Validation.Fvu),
        new("validation/norm_scaled_mse", Validation.NormScaledMse),
        new("validation/active_units", Validation.L0),
        new("validation/dead_fraction", Validation.DeadFraction),
        new("speed/tokens_per_second", TokensPerSecond),
        new("speed/harvest_tokens_per_second", HarvestTokensPerSecond),
        new("speed/training_tokens_per_second", TrainingTokensPerSecond),
    ];
}

/// <summary>Appends to metrics.jsonl; on resuming, what was written after the checkpoint is cut off, so that no step stands there twice.</summary>
public sealed class MetricsLog : IDisposable
{
    private readonly FileStream stream;

    /// <param name="path">The file.</param>
    /// <param name="keep">Bytes of it to keep.</param>
    public MetricsLog(string path, long keep)
    {
        stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read);
        stream.SetLength(Math.Min(keep, stream.Length));
        stream.Seek(0, SeekOrigin.End);
    }

    public long Length => stream.Length;

    public void Add(MetricsLine line)
    {
        stream.Write(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(line, Json.Compact) + "\n"));
        stream.Flush(flushToDisk: true);
    }

    public void Dispose() => stream.Dispose();
}
