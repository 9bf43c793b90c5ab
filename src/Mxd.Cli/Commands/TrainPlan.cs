using Mxd.Cli.CommandLine;
using Mxd.Layers;
using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Cli.Commands;

/// <summary>What a run is about to do, said before it does it.</summary>
internal static class TrainPlan
{
    public static IEnumerable<string> Describe(PreparedRun run)
    {
        (TrainOptions o, LayerOptions layer) = (run.Options, run.Description.Layer);
        LayerType type = LayerTypes.Get(layer.Type);
        yield return $"Layer   {type.Title}: {layer.InputWidth} -> {layer.OutputWidth}, {string.Join(", ", LayerFacts.Of(layer))}, {type.ParameterCount(layer):n0} parameters";
        yield return $"Model   {run.Description.Origin.Model.Id} in {o.ModelDtype}: {run.Description.Origin.Input} -> {run.Description.Origin.Output}";
        if (run.Store is { } store)
            yield return $"From    {store.Folder}: {o.Contexts:n0} of {store.Harvest.Contexts:n0} contexts harvested in {store.Harvest.Dtype}, fingerprint {store.Fingerprint[..12]}; the language model is not loaded";
        if (Precisions.WhyFull(Precisions.Parse(o.Precision), layer, Devices.Parse(o.Device)) is { } why)
            yield return $"        --precision mixed trains in float32 here: {why}";
        string[] unused = [.. Unused(o)];
        if (unused.Length > 0) yield return $"        '{type.Name}' has no units: {string.Join(", ", unused)} {(unused.Length > 1 ? "are" : "is")} not used";
        DataDescription data = run.Description.Data;
        double passes = (double)o.Contexts / data.TextContexts;
        string repeat = passes > 1 ? $", {passes:f1} passes over the {data.TextContexts:n0} contexts of the text" : $" of the text's {data.TextContexts:n0}";
        yield return $"Run     {o.Steps:n0} steps of {o.Batch:n0} tokens: {o.Contexts:n0} contexts of {o.Context}{repeat}; seed {o.Seed}{(o.DataSeed is { } order ? $", data seed {order}" : "")}";
        yield return $"Held    {data.ValidationContexts:n0} contexts of {(o.Validation.Count > 0 ? string.Join(", ", o.Validation) : $"documents held out of the text ({o.HeldOut:p0})")}";
        if (data.ValidationContexts < o.ValidationContexts)
            yield return $"        fewer than the {o.ValidationContexts} of --validation-contexts: there is no more held-out text";
        MemoryPlan plan = run.Description.Plan;
        yield return $"Memory  {ByteSize.Format(plan.Total)} planned: {plan}";
    }

    /// <summary>What the run will take: a line.</summary>
    public static string Describe(RunEstimate? expected) => expected is null
        ? "Time    no estimate: measuring the speed first would take too much of so short a run"
        : $"Time    about {Duration.Format(Rounded(expected.Seconds))} for {expected.Tokens:n0} tokens, {Rates(expected)}";

    /// <summary>Such as <c>1,100 tokens/s overall (harvest 1,500, training 5,000)</c>.</summary>
    public static string Rates(RunEstimate expected) =>
        $"{expected.TokensPerSecond:n0} tokens/s overall (harvest {expected.HarvestTokensPerSecond:n0}, training {expected.TrainingTokensPerSecond:n0})";

    /// <summary>Whole seconds: more would promise too much.</summary>
    private static TimeSpan Rounded(double seconds) => TimeSpan.FromSeconds(Math.Max(1, Math.Round(seconds)));

    /// <summary>Options that were given and concern units, for a type without: a sweep gives all types the same.</summary>
    private static IEnumerable<string> Unused(TrainOptions o)
    {
        if (LayerTypes.Get(o.Type).HasUnits) return [];
        (string Option, object? Value)[] ofUnits =
        [
            ("--k", o.K), ("--experts", o.Experts), ("--sparsity", o.SparsityKind), ("--l1", o.L1), ("--l0", o.L0), ("--bandwidth", o.Bandwidth),
            ("--aux-k", o.AuxK), ("--dead-after", o.DeadAfter),
        ];
        return ofUnits.Where(option => option.Value is not null).Select(option => option.Option);
    }
}
