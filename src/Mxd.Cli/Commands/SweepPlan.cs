using System.Globalization;
using Mxd.Layers;
using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Cli.Commands;

/// <summary>What a sweep is about to do, said before it does it.</summary>
internal static class SweepPlan
{
    public static IEnumerable<string> Describe(PreparedSweep sweep)
    {
        (TrainOptions o, IReadOnlyList<SweepConfiguration> all, DataDescription data) = (sweep.Description.Configurations[0].Options, sweep.Description.Configurations, sweep.Description.Data);
        int trained = all.Count(c => c.State == SweepState.Trained), failed = all.Count(c => c.State == SweepState.Failed);
        yield return $"Sweep   {Count(all.Count, "configuration")} in {sweep.Folder.Path}{(trained + failed > 0 ? $": {trained} trained already{(failed > 0 ? $", {failed} failed" : "")}" : "")}";
        int width = all.Max(c => c.Name.Length);
        foreach ((SweepConfiguration configuration, LayerOptions layer) in all.Zip(sweep.Layers))
            yield return $"        {configuration.Name.PadRight(width)}  {string.Join(", ", LayerFacts.Of(layer))}, {LayerTypes.Get(layer.Type).ParameterCount(layer):n0} parameters{Told(configuration)}";
        yield return $"Model   {sweep.Description.Model.Id} in {o.ModelDtype}: {string.Join(", ", all.Select(c => $"{c.Options.InputHook} -> {c.Options.OutputHook}").Distinct())}";
        double passes = (double)o.Contexts / data.TextContexts;
        string repeat = passes > 1 ? $", {passes:f1} passes over the {data.TextContexts:n0} contexts of the text" : $" of the text's {data.TextContexts:n0}";
        yield return $"Run     {o.Steps:n0} steps of {o.Batch:n0} tokens each: {o.Contexts:n0} contexts of {o.Context}{repeat}, in the order of data seed {o.DataSeed}";
        yield return $"Held    {data.ValidationContexts:n0} contexts of {(o.Validation.Count > 0 ? string.Join(", ", o.Validation) : $"documents held out of the text ({o.HeldOut:p0})")}";
        if (sweep.Passes.Count == 0) yield break;
        foreach (string line in Passes(sweep)) yield return line;
    }

    private static IEnumerable<string> Passes(PreparedSweep sweep)
    {
        string[] sizes = [.. sweep.Passes.Select(p => p.Runs.Count.ToString(CultureInfo.InvariantCulture))];
        string source = sweep.Store is { } store ? $"over the activations in {store.Folder}" : "of the language model";
        yield return sweep.Passes.Count == 1
            ? $"Passes  1 {source}, for {(sizes[0] == "1" ? "it" : $"all {sizes[0]}")}"
            : $"Passes  {sweep.Passes.Count} {source}, for {string.Join(" + ", sizes)} configurations: as many at once as fit into {ByteSize.Format(sweep.MemoryLimit)}";
        MemoryPlan plan = sweep.Passes.MaxBy(p => p.Plan.Total)!.Plan;
        yield return $"Memory  {ByteSize.Format(plan.Total)} planned{(sweep.Passes.Count > 1 ? " for the largest" : "")}: {plan}";
    }

    private static string Told(SweepConfiguration configuration) => configuration.State switch
    {
        SweepState.Trained => " (trained)",
        SweepState.Failed => " (failed)",
        _ => "",
    };

    private static string Count(int count, string what) => $"{count} {what}{(count == 1 ? "" : "s")}";
}
