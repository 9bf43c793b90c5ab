using System.CommandLine;
using Mxd.Cli.CommandLine;
using Mxd.Hub;
using Mxd.Interchange;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Runtime;
using Mxd.Training;
using static TorchSharp.torch;

namespace Mxd.Cli.Commands;

/// <summary>Options of <c>mxd import</c>.</summary>
internal sealed record ImportOptions
{
    [Option("--out", "The folder of the run, made by this command.", IsPath = true)]
    public string Out { get; init; } = "";

    [Option("--from", "The format: native, saelens, sparsify or reference (default: recognised from the files).")]
    public string? From { get; init; }

    [Option("--model", "The language model, to check the layer against it and to evaluate without naming it again (default: of a layer on the hub, the one that its files name).", IsPath = true, MayBeHubId = true)]
    public string? Model { get; init; }

    [Option("--no-model", "Do not fetch the language model that a layer on the hub names.")]
    public bool NoModel { get; init; }

    [Option("--input", "Hook point the layer reads (default: what the files say).")]
    public string? Input { get; init; }

    [Option("--output", "Hook point it replaces (default: what the files say).")]
    public string? Output { get; init; }

    [Option("--layer", "Instead of --input and --output: the layer whose MLP it belongs to, counted from 0.")]
    public int? Layer { get; init; }
}

/// <summary><c>mxd import</c>: another project's layer as a run that can be evaluated, steered and exported.</summary>
internal static class ImportCommand
{
    public static Command Create()
    {
        var command = new DocumentedCommand(
            "import",
            "Take a layer of SAELens, sparsify or the published implementation over as a run.",
            "mxd import downloads/sae --out runs/sae --model model.gguf",
            "mxd import checkpoints/layers.3.mlp --out runs/layer3 --json",
            "mxd import final.pt --out runs/published",
            "mxd import jbloom/GPT2-Small-SAEs-Reformatted:blocks.8.hook_resid_pre --out runs/gpt2-sae",
            "mxd import downloads/sae --out runs/sae --input blocks.8.hook_resid_pre");
        var path = new PathArgument("PATH", "The folder of the layer, with cfg.json and its weights, or a .pt file; or owner/name[:FOLDER or FILE] of the hub.", HubLayer.IsMeant);
        command.Arguments.Add(path);
        var defaults = new ImportOptions();
        var set = new OptionSet<ImportOptions>(command, defaults);
        foreach (Option required in set.Of(nameof(ImportOptions.Out))) command.Require(required);
        var json = new Option<bool>("--json") { Description = "Print the result as one JSON document.", Arity = ArgumentArity.Zero };
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            string name = path.Require(parsed, "name what to import, as in 'mxd import PATH --out RUN'");
            ImportOptions options = set.Apply(defaults, parsed);
            ImportResult result = ProgressDisplay.Show(observer => Run(name, options, observer));
            foreach (string note in result.Notes) Console.Error.WriteLine(note);
            if (parsed.GetValue(json)) Output.Json(result);
            else Show(result);
            return 0;
        });
        return command;
    }

    private static ImportResult Run(string path, ImportOptions options, IRunObserver observer)
    {
        using var stop = new StopSignal(observer);
        var folder = new RunFolder(options.Out);
        AtomicFolder.RequireFree(folder.Path);
        if (folder.WhyNotWritable() is { } obstacle) throw new MxdInputException(obstacle);
        ILayerFormat? named = options.From is { } from ? LayerFormats.Get(from) : null;
        HubLayer? published = HubLayer.IsMeant(path) ? Fetch(path, observer, stop.Token) : null;
        ILayerFormat format = named ?? LayerFormats.Recognise(published?.Path ?? path);
        using ImportedLayer imported = format.Read(published?.Path ?? path, CPU);
        SavedLayer read = published is null ? imported.Saved : published.Describe(imported.Saved);
        List<string> notes = [];
        using ModelFile? model = OpenModel(options, published is null || read.Imported is null ? null : read.ModelName, notes, observer, stop.Token);
        var placement = new LayerPlacement { Input = options.Input, Output = options.Output, Layer = options.Layer, Model = model?.Identity };
        SavedLayer saved = placement.Apply(read, format);
        AtomicFolder.Write(folder.Path, run => NativeLayer.Save(Path.Combine(run, NativeLayer.FileName), imported.Layer, saved));
        return Describe(folder.Path, format.Name, imported.Layer, saved, notes);
    }

    private static HubLayer Fetch(string name, IRunObserver observer, CancellationToken cancellation)
    {
        using var client = new HubClient(HubOptions.FromEnvironment());
        return HubLayer.Fetch(client, name, new ObservedDownloads(observer), cancellation);
    }

    /// <summary>The language model that was named: by the person, or, of a layer on the hub, by its files.</summary>
    private static ModelFile? OpenModel(ImportOptions options, string? named, List<string> notes, IRunObserver observer, CancellationToken cancellation)
    {
        string? model = options.Model;
        if (model is null && named is not null && !options.NoModel)
        {
            model = KnownModel.FindId(named);
            if (model is null) notes.Add($"Note: the layer's files name the language model {named}, which is no id of the hub: name the model by --model.");
            else observer.Note($"Note: the layer's files name the language model {named}; it is checked against {model} of the hub (--no-model leaves that out).");
        }
        return model is null ? null : ModelFile.Open(model, new ObservedDownloads(observer), cancellation);
    }

    private static ImportResult Describe(string run, string format, ILayer layer, SavedLayer saved, List<string> notes)
    {
        LayerOptions options = layer.Options;
        if (saved.Imported?.UnknownFields is { } unknown)
            notes.Add($"Note: mxd does not know these fields of the configuration, and keeps them as they are: {string.Join(", ", unknown)}.");
        if (saved.Imported?.UnknownPlace is { } place)
            notes.Add($"Note: the files say that the layer stands at {place}, where mxd has no hook point: it can be inspected and exported, not evaluated.");
        else if (saved.Input is null)
            notes.Add("Note: the files do not say at which hook points the layer stands; to evaluate it, import it with --input and --output, or with --layer.");
        return new ImportResult(
            run, format, options.Type, options.Sparsity?.Title, options.InputWidth, options.OutputWidth, options.Units, layer.ParameterCount(),
            saved.Model?.Id ?? saved.Imported?.ModelName, saved.Model is not null, saved.Input, saved.Output, saved.ContextLength, notes);
    }

    private static void Show(ImportResult result)
    {
        List<(string, string)> facts =
        [
            ("run", result.Run),
            ("layer", $"{result.Type}, {result.InputWidth} -> {result.OutputWidth}, {result.Units:n0} units{(result.Sparsity is { } sparsity ? $", {sparsity}" : "")}, {result.Parameters:n0} parameters"),
            ("from", result.Format),
        ];
        if (result.Input is not null) facts.Add(("stands at", result.Input == result.Output ? result.Input : $"{result.Input} -> {result.Output}"));
        if (result.Model is { } model) facts.Add(("model", model));
        if (result.ContextLength is { } context) facts.Add(("trained on", $"contexts of {context} tokens"));
        Output.Facts(facts);
        if (result.Input is not null) Output.Command("What it costs the model:", $"mxd eval --run {ShellWord.Quote(result.Run)}{(result.HasModel ? "" : " --model MODEL")} --text HELD-OUT");
    }
}

/// <summary>What <c>mxd import</c> prints.</summary>
/// <param name="Run">The run's folder.</param>
/// <param name="Format">What it was read from.</param>
/// <param name="Type">Kind of layer.</param>
/// <param name="Sparsity">How units are chosen, as people read it.</param>
/// <param name="InputWidth">Values a token at the input.</param>
/// <param name="OutputWidth">Values a token at the output.</param>
/// <param name="Units">Number of units.</param>
/// <param name="Parameters">Trained values.</param>
/// <param name="Model">The language model: the one given, or the name in the files.</param>
/// <param name="HasModel">Was the layer checked against that model, so that it need not be named again?</param>
/// <param name="Input">Hook point the layer reads.</param>
/// <param name="Output">Hook point it replaces.</param>
/// <param name="ContextLength">Tokens a context in training, where the files say.</param>
/// <param name="Notes">Lines to know.</param>
internal sealed record ImportResult(
    string Run, string Format, string Type, string? Sparsity, long InputWidth, long OutputWidth, long Units, long Parameters, string? Model,
    bool HasModel, string? Input, string? Output, int? ContextLength, IReadOnlyList<string> Notes);
