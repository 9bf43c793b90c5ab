using Mxd.Interchange;
using Mxd.LanguageModels;
using Mxd.Runtime;
using Mxd.Training;
using static TorchSharp.torch;

namespace Mxd.Evaluation;

/// <summary>A layer to evaluate, its header read and checked: a training run's, or one that was imported and has no run.</summary>
public sealed record EvalRun(RunFolder Folder, SavedLayer Saved, RunDescription? Description)
{
    public string Path => Folder.Path;

    /// <summary>Reads what a folder says of its layer; no weights.</summary>
    /// <exception cref="MxdInputException">There is no run and no layer, the two disagree, or the layer has no place.</exception>
    public static EvalRun Read(string path)
    {
        var folder = new RunFolder(path);
        RunDescription? description = folder.IsTrained ? folder.ReadDescription() : null;
        SavedLayer saved = NativeLayer.ReadHeader(folder.LayerFile);
        if (description is not null && (saved.Layer != description.Layer || saved.Origin is null || Placed(saved.Origin) != Placed(description.Origin)))
            throw new MxdInputException($"{folder.LayerFile} is not the layer that {folder.DescriptionFile} describes: put back the file that belongs to the run.");
        if (saved.Input is null || saved.Output is null)
            throw new MxdInputException($"{folder.LayerFile} does not say at which hook points its layer stands: import it again and name them by --input and --output.");
        return new EvalRun(folder, saved, description);
    }

    /// <summary>Reads the weights; the layer is the caller's to dispose.</summary>
    public Replacement Load(Device device) => new(
        NativeLayer.Load(Folder.LayerFile, device).Layer, HookPoint.Parse(Saved.Input!), HookPoint.Parse(Saved.Output!));

    /// <summary>Where its language model is, as far as the run knows.</summary>
    /// <exception cref="MxdInputException">It knows none, or that is not there any more.</exception>
    public string FindModel()
    {
        if (Saved.Model?.Id is not { } known) throw new MxdInputException($"{Path} was imported and knows no language model: name the model by --model.");
        return ModelFile.Exists(known)
            ? known
            : throw new MxdInputException($"{known}, the model that {Path} was trained on, does not exist any more: name it by --model.");
    }

    /// <summary>What a person should know besides the numbers.</summary>
    public IEnumerable<string> Notes(ModelIdentity model, bool allowOtherWeights)
    {
        if (Saved.Check(model, allowOtherWeights) is { } difference) yield return difference;
        if (Description is { Options: var options } && Saved.Origin!.TrainedTokens < options.TrainedTokens)
            yield return $"Note: {Path} has trained on {Saved.Origin.TrainedTokens:n0} of its {options.TrainedTokens:n0} tokens.";
        if (Saved.Imported?.HasFirstToken == false)
            yield return $"Note: {Path} was trained on contexts without a first token, and the contexts here have one.";
    }

    /// <summary>An origin without what may differ between a run's files: how far it got, and where the model lay.</summary>
    private static LayerOrigin Placed(LayerOrigin origin) => origin with { TrainedTokens = 0, Model = origin.Model with { Id = "" } };
}
