using Mxd.LanguageModels;
using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Cli.Commands;

/// <summary>Options of <c>mxd demo</c>.</summary>
internal sealed record DemoOptions
{
    private const string Training = "dotnet", HeldOut = "dotnet:held-out";

    [Option("--text", "Text to train on, named as for train (default: the documentation that comes with the .NET SDK).", IsPath = true, MayBeHubId = true)]
    public IReadOnlyList<string> Text { get; init; } = [];

    [Option("--validation", "Held-out text to measure on (default: files of the SDK that the model never saw; with --text, some of its documents).", IsPath = true, MayBeHubId = true)]
    public IReadOnlyList<string> Validation { get; init; } = [];

    [Option("--layer", "The layer whose MLP is replaced, counted from 0.")]
    public int Layer { get; init; } = 3;

    [Option("--k", "Units active on a token.")]
    public int K { get; init; } = 16;

    [Option("--multiplier", "Parameters of each layer but the linear one, as those of a transcoder this many times as wide as its input.")]
    public long Multiplier { get; init; } = 16;

    [Option("--tokens", "Tokens each layer is trained on.")]
    public long Tokens { get; init; } = 131_072;

    [Option("--lr", "Learning rate of AdamW.")]
    public double LearningRate { get; init; } = 1e-3;

    [Option("--seed", "Seed of initial weights and of all shuffling.")]
    public long Seed { get; init; }

    [Option("--contexts", "Held-out contexts to measure on, and to look units up in.")]
    public int Contexts { get; init; } = 128;

    /// <summary>The layer of the paper, the two it is compared with and a dense control, of about as many parameters each, and a linear one, which has as many as it has.</summary>
    public SweepOptions Sweep => new()
    {
        Base = new TrainOptions
        {
            Model = EmbeddedModel.Name,
            Layer = Layer,
            Text = Text.Count > 0 ? Text : [Training],
            Validation = Validation.Count > 0 || Text.Count > 0 ? Validation : [HeldOut],
            Tokens = Tokens,
            Batch = 512,
            ValidationContexts = 64,
        },
        Type = ["mxd", "transcoder", "skip-transcoder", "dense", "linear"],
        Layer = [Layer],
        K = [K],
        Multiplier = [Multiplier],
        LearningRate = [LearningRate],
        Seed = [Seed],
        Contexts = Contexts,
        LeastContexts = 1,
    };

    /// <summary>Where the demo writes if nobody says: the first folder of that name and number that is not there.</summary>
    public static string FreeFolder()
    {
        const string first = "runs/demo";
        for (int number = 1; ; number++)
            if (Path.GetFullPath(number == 1 ? first : $"{first}-{number}") is var folder && !Path.Exists(folder)) return folder;
    }
}
