using System.CommandLine;
using Mxd.Cli.CommandLine;
using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Cli.Commands;

/// <summary><c>mxd harvest</c>: activations of a language model on disk, for any number of training runs.</summary>
internal static class HarvestCommand
{
    private static readonly HarvestOptions none = new();

    public static Command Create()
    {
        var command = new DocumentedCommand(
            "harvest",
            "Put what a language model computes around an MLP on disk, so that layers train from it again and again.",
            "mxd harvest --model model.gguf --layer 15 --text train.jsonl --validation held-out.jsonl --tokens 1000000 --out activations",
            "mxd harvest --model gpt2 --layer 4 8 --text train.jsonl --tokens 4000000 --dtype bfloat16 --max-bytes 100GB --out activations",
            "mxd harvest --resume --out activations",
            "mxd train --activations activations --type transcoder --out runs/transcoder");
        var options = new OptionSet<HarvestOptions>(command, none);
        var output = new Option<string>("--out") { Description = "The folder of the activations, made by this command.", HelpName = "path" };
        Option<bool> resume = Flag("--resume", "Go on with the harvest in --out after its last whole file.");
        Option<bool> json = Flag("--json", "Print the result as one JSON document.");
        foreach (Option own in new Option[] { output, resume, json }) command.Options.Add(own);
        foreach (Option required in options.Of(nameof(HarvestOptions.Model), nameof(HarvestOptions.Layer), nameof(HarvestOptions.Text), nameof(HarvestOptions.Tokens)))
            command.Require(required, resume);
        command.Require(output);
        command.SetAction(parsed =>
        {
            string folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(parsed.GetRequiredValue(output)));
            bool isResumed = parsed.GetValue(resume);
            HarvestOptions asked = options.Apply(isResumed ? PreparedHarvest.ReadOptions(folder) : none, parsed);
            HarvestResult result = ProgressDisplay.Show(observer => Run(asked, folder, isResumed, observer));
            if (parsed.GetValue(json)) Output.Json(result);
            else Show(result);
            return 0;
        });
        return command;
    }

    private static Option<bool> Flag(string name, string description) => new(name) { Description = description, Arity = ArgumentArity.Zero };

    private static HarvestResult Run(HarvestOptions options, string folder, bool isResumed, IRunObserver observer)
    {
        using var stop = new StopSignal(observer);
        using PreparedHarvest harvest = isResumed
            ? PreparedHarvest.Resume(options, folder, observer, stop.Token)
            : PreparedHarvest.New(options, folder, observer, stop.Token);
        foreach (string line in Describe(harvest)) observer.Note(line);
        try
        {
            return Invocation.Work(() => HarvestRun.Execute(harvest, observer, stop.Token));
        }
        catch (OperationCanceledException)
        {
            observer.Note("Stopped; whole files are kept. Go on with:");
            observer.Note($"  mxd harvest --resume --out {ShellWord.Quote(folder)}");
            throw;
        }
    }

    private static IEnumerable<string> Describe(PreparedHarvest harvest)
    {
        (HarvestOptions o, var facts) = (harvest.Options, harvest.Facts);
        if (harvest.Complete is not null)
        {
            yield return "The harvest is complete already.";
            yield break;
        }
        yield return $"Model   {facts.Model.Id} in {facts.ModelDtype}: {string.Join(", ", facts.Points)}";
        double passes = (double)facts.Contexts / facts.Text.Contexts;
        yield return $"Text    {facts.Contexts:n0} contexts of {facts.Packing.Context}{(passes > 1 ? $", {passes:f1} passes over the {facts.Text.Contexts:n0} of the text" : $" of the text's {facts.Text.Contexts:n0}")}; seed {facts.Seed}";
        yield return $"Held    {facts.HeldOutContexts:n0} contexts of {(o.Validation.Count > 0 ? string.Join(", ", o.Validation) : $"documents held out of the text ({o.HeldOut:p0})")}";
        if (facts.HeldOutContexts < o.ValidationContexts)
            yield return $"        fewer than the {o.ValidationContexts} of --validation-contexts: there is no more held-out text";
        yield return $"Disk    {ByteSize.Format(harvest.Size.Bytes)} in {facts.Dtype}, in {harvest.Size.Shards:n0} {(harvest.Size.Shards == 1 ? "file" : "files")} and one of held-out activations (at most {o.MaxBytes})";
        if (harvest.BytesThere > 0) yield return $"        {ByteSize.Format(harvest.BytesThere)} of it there already";
    }

    private static void Show(HarvestResult result)
    {
        string[] speed = result.TokensPerSecond > 0
            ? [$"{result.TokensPerSecond:n0} tokens/s overall (language model {result.ModelTokensPerSecond:n0}), {Duration.Format(TimeSpan.FromSeconds(result.Seconds))}"]
            : [];
        Output.Facts(
        [
            ("activations", result.Activations),
            ("of", $"{result.Tokens:n0} tokens, and {result.HeldOutTokens:n0} held out"),
            ("size", $"{ByteSize.Format(result.Bytes)} in {result.Shards + 1:n0} files"),
            ("fingerprint", result.Fingerprint),
            .. speed.Select(line => ("speed", line)),
        ]);
        Output.Command("Train a layer from them:", $"mxd train --activations {ShellWord.Quote(result.Activations)} --out runs/mxd");
    }
}
