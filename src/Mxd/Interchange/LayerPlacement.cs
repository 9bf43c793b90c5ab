using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Runtime;

namespace Mxd.Interchange;

/// <summary>Where an imported layer is to stand, as far as the person importing it says so; the rest is what its files say.</summary>
public sealed record LayerPlacement
{
    /// <summary>Hook point the layer reads.</summary>
    public string? Input { get; init; }

    /// <summary>Hook point it replaces.</summary>
    public string? Output { get; init; }

    /// <summary>Instead of both: the layer of the language model whose MLP it belongs to.</summary>
    public int? Layer { get; init; }

    /// <summary>The language model, to be checked now and not again by name only.</summary>
    public ModelIdentity? Model { get; init; }

    private bool IsEmpty => Input is null && Output is null && Layer is null && Model is null;

    /// <summary>The layer's header with its place in it.</summary>
    /// <param name="saved">As read.</param>
    /// <param name="format">The format it was read from.</param>
    /// <returns>
    /// A place that neither the files nor this says, or that the files name and mxd has no hook point for, stays open: the layer can be looked at and written, but not put into a model.
    /// </returns>
    /// <exception cref="MxdInputException">The place is said in part, is not known, or the language model does not have it.</exception>
    public SavedLayer Apply(SavedLayer saved, ILayerFormat format)
    {
        if (saved.Imported is not { } imported)
            return IsEmpty ? saved : throw new MxdInputException("The layer was saved by mxd and says itself where it belongs: leave out --input, --output, --layer and --model.");
        bool isAutoencoder = LayerTypes.Get(saved.Layer.Type).IsAutoencoder;
        if (Layer is null && (Input ?? Output ?? imported.Input ?? imported.Output) is null)
            return Model is null ? saved : throw NotSaid(imported, "--input");
        if (IsEmpty && new[] { imported.Input, imported.Output }.OfType<string>().FirstOrDefault(name => !HookPoint.TryParse(name, out _)) is { } unknown)
            return saved with { Imported = imported with { Input = null, Output = null, UnknownPlace = unknown } };
        (HookPoint input, HookPoint output) = Hooks(imported, format, isAutoencoder);
        if (output.IsBefore(input)) throw new MxdInputException($"The layer would read {input} and replace {output}, which comes before it: exchange them.");
        SavedLayer placed = saved with { Imported = imported with { Input = input.ToString(), Output = output.ToString(), Model = Model } };
        bool isMoved = (imported.Input ?? placed.Input) != placed.Input || (imported.Output ?? placed.Output) != placed.Output;
        if (isMoved) placed = placed with { Imported = placed.Imported! with { IsMoved = true } };
        if (Model is not null) placed.CheckPlace(Model);
        return placed;
    }

    private (HookPoint Input, HookPoint Output) Hooks(ImportedFrom imported, ILayerFormat format, bool isAutoencoder)
    {
        if (Layer is { } layer)
        {
            if (Input is not null || Output is not null) throw new MxdInputException("--layer names both hook points: leave out --input and --output, or --layer.");
            return layer >= 0 ? format.MlpHooks(layer, isAutoencoder) : throw new MxdInputException($"--layer is {layer}; layers are counted from 0.");
        }
        // What an autoencoder returns stands for what it read, so one point says both.
        string? given = isAutoencoder ? Input ?? Output : null;
        return (Point("--input", Input ?? given, imported.Input, imported), Point("--output", Output ?? given, imported.Output, imported));
    }

    private static HookPoint Point(string option, string? given, string? read, ImportedFrom imported)
    {
        if (given is not null) return HookPoint.Parse(given);
        if (read is null) throw NotSaid(imported, option);
        try
        {
            return HookPoint.Parse(read);
        }
        catch (MxdInputException e)
        {
            throw new MxdInputException($"{imported.Source}: {e.Message.TrimEnd('.')}, and name it by {option}.", e);
        }
    }

    private static MxdInputException NotSaid(ImportedFrom imported, string option) => new(
        $"{imported.Source} does not say at which hook point its layer stands: name it by {option}, or the layer whose MLP it belongs to by --layer.");
}
