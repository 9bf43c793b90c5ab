using System.Diagnostics;
using Mxd.Activations;
using Mxd.LanguageModels;
using Mxd.Runtime;
using Mxd.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Benchmarks;

/// <summary>
/// Several configurations from one pass of the language model, beside the parts of that pass alone: the harvest with shuffling, and the steps of
/// each configuration on the same rows. The parts are measured next to the pass they are compared with, since a machine's speed drifts; the
/// ratio of processor time says what other work on the machine does to the other one.
/// </summary>
internal static class ShareCase
{
    private static readonly int[] counts = [1, 2, 4, 8];
    private static readonly int[] topK = [32, 8, 16, 64];

    public static void Run(string path, string layer, string text, int batches)
    {
        using ModelFile file = ModelFile.Open(path);
        TrainOptions[] all = [.. Enumerable.Range(0, counts[^1]).Select(i => Options(path, int.Parse(layer), text, batches, i))];
        TrainingData data = TrainingData.Load(all[0], file.Tokenizer, null, new NoObserver());
        data = data with { HeldOut = Packing.Pack([text], file.Tokenizer, new PackingOptions { MaximumContexts = 1 }) };
        Console.WriteLine($"### {batches} batches of {all[0].Batch} tokens to layer {layer}, N = {all[0].Experts}, K = {string.Join(", ", topK)}\n\n{Machine.Describe()}\n");
        Console.WriteLine("| configurations | pass, s | harvest alone, s | steps alone, s | pass / (harvest + steps) | of processor time | tokens harvested | tokens/s | tokens/s of all |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
        foreach (int count in counts)
        {
            using TrainingGroup group = Begin(file, all[..count], data), alone = Begin(file, all[..count], data);
            Spent harvest = default, steps = default;
            for (int i = 0; i < batches; i++)
            {
                using DisposeScope scope = NewDisposeScope();
                ActivationRows? rows = null;
                harvest += Time(() => rows = alone.Harvest.Buffer.Next(alone.Members[0].Options.Batch));
                steps += Time(() =>
                {
                    foreach (TrainingMember member in alone.Members) member.Trainer.Step(rows![member.Input], rows[member.Output]);
                });
                rows!.Dispose();
            }
            Spent pass = Time(() =>
            {
                for (int i = 0; i < batches; i++) group.Advance();
            });
            long tokens = all[0].Batch * batches;
            Spent parts = harvest + steps;
            Console.WriteLine(FormattableString.Invariant(
                $"| {count} | {pass.Seconds:f1} | {harvest.Seconds:f1} | {steps.Seconds:f1} | {pass.Seconds / parts.Seconds:f3} | {pass.Processor / parts.Processor:f3} | {group.Harvest.Tokens:n0} of {tokens:n0} | {tokens / pass.Seconds:n0} | {count * tokens / pass.Seconds:n0} |"));
        }
    }

    /// <summary>A group whose first step, in which memory is allocated, is behind it.</summary>
    private static TrainingGroup Begin(ModelFile file, TrainOptions[] options, TrainingData data)
    {
        TrainingGroup group = TrainingGroup.Begin(file.Load(ScalarType.Float32, CPU), options, data, new NoObserver(), harvestsAhead: false);
        using DisposeScope scope = NewDisposeScope();
        long width = group.Members[0].Trainer.Layer.Options.InputWidth;
        foreach (TrainingMember member in group.Members) member.Trainer.Step(randn(member.Options.Batch, width), randn(member.Options.Batch, width));
        return group;
    }

    private static TrainOptions Options(string model, int layer, string text, int batches, int index) => new()
    {
        Model = model,
        Layer = layer,
        Text = [text],
        K = topK[index % topK.Length],
        Experts = 2302,
        Tokens = 4096L * batches,
        Seed = index,
        DataSeed = 0,
        Device = "cpu",
    };

    private static Spent Time(Action work)
    {
        (long start, TimeSpan processor) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
        work();
        return new Spent(Stopwatch.GetElapsedTime(start).TotalSeconds, (Environment.CpuUsage.TotalTime - processor).TotalSeconds);
    }

    /// <summary>Seconds on the clock, and of all cores.</summary>
    private readonly record struct Spent(double Seconds, double Processor)
    {
        public static Spent operator +(Spent one, Spent other) => new(one.Seconds + other.Seconds, one.Processor + other.Processor);
    }
}
