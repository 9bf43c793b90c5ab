using System.CommandLine;
using Mxd.Cli.CommandLine;
using Mxd.Interchange;
using Mxd.Runtime;
using Mxd.Training;
using static TorchSharp.torch;

namespace Mxd.Cli.Commands;

/// <summary>Options of <c>mxd export</c>.</summary>
internal sealed record ExportOptions
{
    [Option("--run", "The run folder, or a layer.safetensors.", IsPath = true)]
    public string? Run { get; init; }

    [Option("--to", "The format: native, saelens, sparsify or reference.")]
    public string To { get; init; } = "";

    [Option("--out", "The folder to make; with native a .safetensors file and with reference a .pt file will do.", IsPath = true)]
    public string Out { get; init; } = "";
}

/// <summary><c>mxd export</c>: a run's layer in another project's files.</summary>
internal static class ExportCommand
{
    public static Command Create()
    {
        var command = new DocumentedCommand(
            "export",
            "Write a run's layer in the files of another project.",
            "mxd export --run runs/sae --to saelens --out exported/sae",
            "mxd export runs/transcoder --to sparsify --out exported/layers.15.mlp",
            "mxd export --run runs/mxd --to reference --out mxd.pt",
            "mxd export --run runs/mxd --to native --out mxd.safetensors");
        var path = new PathArgument("RUN", "The run folder, instead of --run.");
        command.Arguments.Add(path);
        var defaults = new ExportOptions();
        var set = new OptionSet<ExportOptions>(command, defaults);
        foreach (Option required in set.Of(nameof(ExportOptions.To), nameof(ExportOptions.Out))) command.Require(required);
        var json = new Option<bool>("--json") { Description = "Print the result as one JSON document.", Arity = ArgumentArity.Zero };
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            ExportOptions options = set.Apply(defaults, parsed);
            if (options.Run is not null && path.Find(parsed) is not null) throw new MxdInputException("The run is named twice: give RUN or --run.");
            ExportResult result = Run(options with { Run = options.Run ?? path.Require(parsed, "name the run, as in 'mxd export --run RUN --to FORMAT --out PATH'") });
            foreach (string note in result.Notes) Console.Error.WriteLine(note);
            if (parsed.GetValue(json)) Output.Json(result);
            else Output.Facts([("layer", $"{result.Type} of {result.Run}"), ("as", result.Format), ("files", string.Join(", ", result.Files))]);
            return 0;
        });
        return command;
    }

    private static ExportResult Run(ExportOptions options)
    {
        ILayerFormat format = LayerFormats.Get(options.To);
        AtomicFolder.RequireFree(options.Out);
        if (new RunFolder(options.Out).WhyNotWritable() is { } obstacle) throw new MxdInputException(obstacle);
        string file = options.Run!;
        if (!File.Exists(file))
        {
            var folder = new RunFolder(file);
            folder.RequireLayer();
            file = folder.LayerFile;
        }
        LayerFormats.RequireWritable(format.Name, NativeLayer.ReadHeader(file).Layer);
        using ImportedLayer read = LayerFormats.Native.Read(file, CPU);
        format.Write(options.Out, read.Layer, read.Saved);
        string[] files = File.Exists(options.Out)
            ? [options.Out, .. format.FilesBeside(options.Out)]
            : [.. Directory.GetFiles(options.Out).Order(StringComparer.Ordinal)];
        return new ExportResult(options.Run!, format.Name, read.Layer.Options.Type, options.Out, files, [.. Notes(format, read.Saved)]);
    }

    private static IEnumerable<string> Notes(ILayerFormat format, SavedLayer saved)
    {
        if (format.Caution(saved) is { } caution) yield return caution;
        if (saved.Imported is { IsMoved: true } imported && imported.Format == format.Name)
            yield return $"Note: the configuration is the one that came with the layer, and does not name {saved.Input} and {saved.Output}, which were given at import.";
    }
}

/// <summary>What <c>mxd export</c> prints.</summary>
/// <param name="Run">What was exported.</param>
/// <param name="Format">In which format.</param>
/// <param name="Type">Kind of layer.</param>
/// <param name="Path">What was made.</param>
/// <param name="Files">Its files.</param>
/// <param name="Notes">Lines to know.</param>
internal sealed record ExportResult(string Run, string Format, string Type, string Path, IReadOnlyList<string> Files, IReadOnlyList<string> Notes);
