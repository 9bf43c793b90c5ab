using Mxd.Interchange;
using Mxd.Layers;
using Mxd.Runtime;

namespace Mxd.Training;

/// <summary>run.json: all that is needed to know what a run did, and to do it again.</summary>
/// <param name="Version">Version of mxd that began the run.</param>
/// <param name="Options">What was asked for.</param>
/// <param name="Layer">The layer that follows from it.</param>
/// <param name="Origin">The language model and hook points.</param>
/// <param name="Data">The text.</param>
/// <param name="Plan">Memory planned, bytes.</param>
/// <param name="Machine">What it began on.</param>
public sealed record RunDescription(
    string Version, TrainOptions Options, LayerOptions Layer, LayerOrigin Origin, DataDescription Data, MemoryPlan Plan, Machine Machine)
{
    public static string CurrentVersion => typeof(RunDescription).Assembly.GetName().Version!.ToString(3);
}

/// <summary>The text of a run.</summary>
/// <param name="Text">SHA-256 over the training files.</param>
/// <param name="TextContexts">Contexts packed from the training text.</param>
/// <param name="ValidationContexts">Held-out contexts that validation figures are taken on.</param>
/// <param name="Validation">SHA-256 over the validation files; absent where documents of the training files are held out.</param>
/// <param name="BadRows">Rows of the training text and of the validation files that were passed over.</param>
/// <param name="Activations">Fingerprint of the activations on disk that the run reads; absent where it runs the language model.</param>
public sealed record DataDescription(
    string Text, long TextContexts, long ValidationContexts, string? Validation = null, long BadRows = 0, string? Activations = null);
