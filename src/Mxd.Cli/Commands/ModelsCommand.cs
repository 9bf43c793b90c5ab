using System.CommandLine;
using Mxd.Cli.CommandLine;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Runtime;

namespace Mxd.Cli.Commands;

/// <summary><c>mxd models</c>: the language models that are read, the presets, and what they need.</summary>
internal static class ModelsCommand
{
    public static Command Create()
    {
        var command = new DocumentedCommand(
            "models",
            "List the families of language models that are read, well-known ones with the memory they need, and the presets of published runs.",
            "mxd models",
            "mxd models --json");
        var json = new Option<bool>("--json") { Description = "Print the lists as one JSON document.", Arity = ArgumentArity.Zero };
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            var lists = new Lists(
                [.. ModelFamily.All.Select(f => new Family(f.Name, f.GgufName, f.Members))],
                [Embedded(), .. KnownModel.All.Select(Known.Of)],
                [.. PublishedPreset.All.SelectMany(Sizes)]);
            if (parsed.GetValue(json)) Output.Json(lists);
            else Show(lists);
            return 0;
        });
        return command;
    }

    /// <summary>The one that comes along, which needs no download.</summary>
    private static Known Embedded()
    {
        using ModelFile file = ModelFile.Open(EmbeddedModel.Name);
        return Known.Of(new KnownModel(EmbeddedModel.Name, file.Family, file.Config));
    }

    /// <summary>The layers of a preset: its own kind of mixture, and for comparison the transcoder of as many parameters.</summary>
    private static IEnumerable<Preset> Sizes(PublishedPreset preset) =>
        from multiplier in preset.Multipliers
        let size = preset.Size(preset.Type, multiplier)
        where size is not null
        select new Preset(preset.Name, preset.Model, preset.Layer, preset.Type, multiplier, size.Units, size.Hidden, preset.InputWidth * multiplier);

    private static void Show(Lists lists)
    {
        Output.Line("Models of these families are read by hub id (owner/name or owner/name@revision), from a folder, or from a .gguf file:");
        Output.Columns(["family", "in GGUF", "for example"], lists.Families.Select(f => new[] { f.Name, f.Gguf, f.Members }));
        Output.Line("Well-known ones, and the memory their weights need; a run says what it needs in all before it starts:");
        Output.Columns(
            ["model", "layers", "width", "parameters", "float32", "bfloat16"],
            lists.Models.Select(m => new[]
            {
                m.Id + (m.Gated ? " *" : ""), $"{m.Layers}", $"{m.Width}", $"{m.Parameters:n0}", ByteSize.Format(m.Float32Bytes), ByteSize.Format(m.Bfloat16Bytes),
            }));
        Output.Line("demo comes with mxd. * Ask for access on its page, huggingface.co/ID, and pass your token in HF_TOKEN.");
        Output.Line("Presets for train --preset, by --multiplier (32 where none is named):");
        Output.Columns(
            ["preset", "model", "layer", "type", "multiplier", "experts", "hidden"],
            lists.Presets.Select(p => new[] { p.Name, p.Model, $"{p.Layer}", p.Type, $"{p.Multiplier}", $"{p.Experts:n0}", $"{p.Hidden:n0}" }));
    }

    private sealed record Lists(IReadOnlyList<Family> Families, IReadOnlyList<Known> Models, IReadOnlyList<Preset> Presets);

    private sealed record Family(string Name, string Gguf, string Members);

    private sealed record Known(string Id, string Family, int Layers, int Width, int ContextLength, long Parameters, long Float32Bytes, long Bfloat16Bytes, bool Gated)
    {
        public static Known Of(KnownModel model) => new(
            model.Id,
            model.Family,
            model.Config.Layers,
            model.Config.Width,
            model.Config.ContextLength,
            model.Config.ParameterCount,
            4 * model.Config.ParameterCount,
            2 * model.Config.ParameterCount,
            model.IsGated);
    }

    private sealed record Preset(string Name, string Model, int Layer, string Type, long Multiplier, long? Experts, long? Hidden, long Latents);
}
