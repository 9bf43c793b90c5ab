using Mxd.Activations;
using Mxd.LanguageModels;
using Mxd.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Training;

/// <summary>
/// Trains any number of configurations from one pass of a language model: other types, sizes, learning rates, initial weights, layers. Each
/// gets the batches that a run of its own would get, in that order, and so ends with the same bits; the pass is paid for once.
/// </summary>
/// <remarks>
/// <see cref="TrainOptions.Seed"/> is that of a member's initial weights; the order of the text is the group's, by
/// <see cref="TrainOptions.DataSeed"/>. Seeds that differ in one group therefore show what the first weights do to a result, and not what the
/// order of the text does, which takes a pass for each order.
/// </remarks>
public sealed class TrainingGroup : IDisposable
{
    private readonly long batch;

    private TrainingGroup(SharedHarvest harvest, IReadOnlyList<TrainingMember> members)
    {
        Harvest = harvest;
        Members = members;
        batch = members[0].Options.Batch;
    }

    public SharedHarvest Harvest { get; }

    /// <summary>In the order of the options they were made of.</summary>
    public IReadOnlyList<TrainingMember> Members { get; }

    /// <summary>Where the time went: harvested tokens are counted once, trained ones for every member.</summary>
    /// <param name="total">From the start of the work.</param>
    public RunClock Clock(TimeSpan total) => new(
        total.TotalSeconds, Harvest.Elapsed.TotalSeconds, Harvest.Tokens, Members.Sum(m => m.Elapsed.TotalSeconds), Members.Sum(m => m.Tokens));

    /// <summary>Begins a group; each configuration is one that <see cref="PreparedRun"/> would take.</summary>
    /// <exception cref="MxdInputException">They differ in what one pass has once.</exception>
    /// <inheritdoc cref="SharedHarvest.Begin(LanguageModel, TrainOptions, TrainingData, IEnumerable{HookPoint}, IRunObserver, bool?, bool, CancellationToken)"/>
    public static TrainingGroup Begin(
        LanguageModel model, IReadOnlyList<TrainOptions> configurations, TrainingData data, IRunObserver observer,
        bool? harvestsAhead = null, bool leavesModel = false, CancellationToken cancellation = default)
    {
        try
        {
            Check(configurations);
        }
        catch
        {
            if (!leavesModel) model.Dispose();
            throw;
        }
        SharedHarvest harvest = SharedHarvest.Begin(model, configurations[0], data, Points(configurations), observer, harvestsAhead, leavesModel, cancellation);
        return Begin(harvest, configurations, model.Identity.Width);
    }

    /// <summary>Begins a group on activations from disk.</summary>
    /// <param name="store">The activations, which stay the caller's.</param>
    /// <param name="configurations">Each is one that <see cref="PreparedRun"/> would take, for this store.</param>
    /// <exception cref="MxdInputException">They differ in what one pass has once, or the store lacks a hook point.</exception>
    public static TrainingGroup Begin(ActivationStore store, IReadOnlyList<TrainOptions> configurations)
    {
        Check(configurations);
        return Begin(SharedHarvest.Begin(store, configurations[0], Points(configurations)), configurations, store.Harvest.Model.Width);
    }

    /// <summary>
    /// One batch, and an update of every member that is as far as the one furthest behind; members that are further, since they were saved
    /// later, wait. The buffer must stand where that one does.
    /// </summary>
    /// <returns>A result a member; null where it waited, or has failed.</returns>
    public IReadOnlyList<StepResult?> Advance(CancellationToken cancellation = default)
    {
        using DisposeScope scope = NewDisposeScope();
        TrainingMember[] training = [.. Members.Where(m => m.Failure is null)];
        if (training.Length == 0) throw new InvalidOperationException("No member of the group is left to train.");
        long step = training.Min(m => m.Step);
        using ActivationRows rows = Harvest.Buffer.Next(batch, cancellation);
        ActivationRows there = rows.Select(values => values.to(Harvest.Device));
        return [.. Members.Select(m => m.Failure is null && m.Step == step ? m.Take(there) : null)];
    }

    public void Dispose()
    {
        foreach (TrainingMember member in Members) member.Dispose();
        Harvest.Dispose();
    }

    private static void Check(IReadOnlyList<TrainOptions> configurations)
    {
        var problems = new ProblemList();
        foreach (string problem in SharedOptions.Problems(configurations)) problems.Add(problem);
        problems.ThrowIfAny();
    }

    private static IEnumerable<HookPoint> Points(IReadOnlyList<TrainOptions> configurations) =>
        configurations.SelectMany(o => new[] { o.InputHook, o.OutputHook });

    private static TrainingGroup Begin(SharedHarvest harvest, IReadOnlyList<TrainOptions> configurations, long width)
    {
        List<TrainingMember> members = [];
        try
        {
            foreach (TrainOptions o in configurations) members.Add(new TrainingMember(o, o.LayerOptions(width, width), harvest.Device));
            return new TrainingGroup(harvest, members);
        }
        catch
        {
            foreach (TrainingMember member in members) member.Dispose();
            harvest.Dispose();
            throw;
        }
    }
}
