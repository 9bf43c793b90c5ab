using System.Globalization;
using System.Text.Json;
using Mxd.Activations;
using Mxd.Formats;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Training;

/// <summary>The numbers of a checkpoint that are not tensors.</summary>
/// <param name="Step">Updates made.</param>
/// <param name="Steps">Updates the run was to make.</param>
/// <param name="NextContext">See <see cref="BufferState"/>, as for the three that follow.</param>
/// <param name="MetricsBytes">Length of metrics.jsonl at this step.</param>
/// <param name="Clock">Time spent so far.</param>
public sealed record CheckpointHeader(
    long Step, long Steps, long NextContext, long Refills, long HalfLine, IReadOnlyList<HarvestedBatch> Batches, long MetricsBytes, RunClock Clock);

/// <summary>
/// A run's whole state in one safetensors file: weights, both moments of AdamW, counts, and the shuffling buffer. Shuffles are derived from
/// the seed and counters, so there is no generator state. One file a run: the newest, put in place of the one before when it is complete.
/// </summary>
public static class CheckpointFile
{
    /// <summary>Up to this size the buffer's activations are saved; a larger buffer is harvested again on resuming.</summary>
    public const long SavedRowsLimit = 4L << 30;

    private const string Key = "checkpoint";

    public static void Save(string folder, Trainer trainer, BufferState buffer, CheckpointHeader header)
    {
        using DisposeScope scope = NewDisposeScope();
        List<(string, Tensor)> tensors = [];
        tensors.AddRange(trainer.Layer.Parameters.Select(p => ("weights." + p.Key, p.Value)));
        tensors.AddRange(trainer.State);
        tensors.Add(("buffer.slots", buffer.Slots));
        tensors.Add(("buffer.sources", buffer.Sources));
        if (buffer.Rows is { } rows) tensors.AddRange(rows.Points.Select(point => (RowsKey(point), rows[point])));
        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"step-{header.Step:d9}.safetensors"));
        SafetensorsWriter.Write(path, tensors, new Dictionary<string, string> { [Key] = JsonSerializer.Serialize(header, Json.Compact) });
        foreach (string old in Directory.GetFiles(folder, "step-*.safetensors"))
            if (old != path) File.Delete(old);
    }

    /// <summary>The newest checkpoint of a run, or null where there is none.</summary>
    public static string? Newest(string folder) =>
        Directory.Exists(folder) ? Directory.GetFiles(folder, "step-*.safetensors").Order(StringComparer.Ordinal).LastOrDefault() : null;

    public static CheckpointHeader ReadHeader(string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        return ReadHeader(file);
    }

    /// <summary>Puts weights, moments, counts and buffer back.</summary>
    public static CheckpointHeader Restore(string path, Trainer trainer, ActivationBuffer buffer)
    {
        CheckpointHeader header = RestoreTrainer(path, trainer);
        RestoreBuffer(path, buffer);
        return header;
    }

    /// <summary>Puts weights, moments and counts back.</summary>
    public static CheckpointHeader RestoreTrainer(string path, Trainer trainer)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        using SafetensorsFile file = SafetensorsFile.Open(path);
        CheckpointHeader header = ReadHeader(file);
        foreach (Parameter parameter in trainer.Layer.Parameters) Restore(file, "weights." + parameter.Key, parameter.Value);
        foreach ((string key, Tensor value) in trainer.State) Restore(file, key, value);
        trainer.Optimizer.Steps = header.Step;
        return header;
    }

    /// <summary>Puts the buffer back; rows that were not saved are harvested again.</summary>
    public static void RestoreBuffer(string path, ActivationBuffer buffer)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        using SafetensorsFile file = SafetensorsFile.Open(path);
        CheckpointHeader header = ReadHeader(file);
        ActivationRows? rows = HoldsRows(file, buffer.Points)
            ? new ActivationRows(buffer.Points, [.. buffer.Points.Select(point => file.Read(RowsKey(point)))])
            : null;
        buffer.Restore(new BufferState(
            header.NextContext, header.Refills, file.Read("buffer.slots"), file.Read("buffer.sources"), header.Batches, header.HalfLine, rows));
    }

    /// <summary>One tensor at a time: all together would be the run's state once more.</summary>
    private static void Restore(SafetensorsFile file, string key, Tensor value)
    {
        using DisposeScope scope = NewDisposeScope();
        value.copy_(file.Read(key));
    }

    /// <summary>Are the buffer's rows of all these points in it?</summary>
    internal static bool HoldsRows(string path, IEnumerable<HookPoint> points)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        return HoldsRows(file, points);
    }

    private static bool HoldsRows(SafetensorsFile file, IEnumerable<HookPoint> points) => points.All(point => file.Contains(RowsKey(point)));

    private static string RowsKey(HookPoint point) => $"buffer.rows.{point}";

    private static CheckpointHeader ReadHeader(SafetensorsFile file) => file.Metadata.TryGetValue(Key, out string? json)
        ? Json.Read<CheckpointHeader>(json, $"{file.Location}'s header")
        : throw new MxdInputException($"{file.Location} is not a checkpoint of mxd: its metadata lacks '{Key}'.");
}
