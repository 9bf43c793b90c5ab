using System.Text.Json;
using System.Text.Json.Nodes;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Evaluation.Frontiers;

/// <summary>A finished run that was evaluated, as its folder tells.</summary>
public sealed record ComparedRun(RunFolder Folder, RunDescription Description, TrainResult Result, EvaluatedRun Evaluated)
{
    public string Path => Folder.Path;

    public LayerOptions Layer => Description.Layer;

    public TrainOptions Options => Description.Options;

    public CostOfReplacement Cost => Evaluated.Cost;

    public ModelIdentity Model => Description.Origin.Model;

    /// <summary>Tokens a context of the evaluation.</summary>
    public long ContextLength => Cost.Tokens / Math.Max(1, Cost.Contexts) + Cost.SkipFirst;

    /// <summary>Was the layer measured that the run ended with, and not one before it was made longer?</summary>
    public bool IsOfItsLayer => Evaluated.TrainedTokens is not { } tokens || tokens == Result.Tokens;

    /// <summary>Forward operations a token where only chosen units are decoded: see <see cref="LayerCost"/>.</summary>
    public long FlopsPerToken => Flops(Cost.L0);

    /// <summary>The same where as many units are active on a token as <paramref name="l0"/> says, if training decides that.</summary>
    public long Flops(double? l0) => LayerCost.Of(Layer, 1, Layer.Sparsity?.Active is null && l0 is { } active ? (long)Math.Ceiling(active) : null).ForwardFlops.Sparse;

    /// <summary>On the run's own held-out text at its end: what a learning rate is chosen by.</summary>
    public double HeldOutFvu => Result.Final.Fvu;

    /// <exception cref="MxdInputException">A file is damaged.</exception>
    public static ComparedRun Read(RunFolder folder, TrainResult result) => new(folder, folder.ReadDescription(), result, EvaluatedRun.Read(folder.EvaluationFile));

    /// <summary>The run's evaluation with what else a comparison needs.</summary>
    /// <param name="isCompared">Does it count in a point, or was another learning rate better?</param>
    public JsonObject ToJson(bool isCompared)
    {
        JsonObject json = (Evaluated with { Run = Path }).ToJson();
        json["learning_rate"] = Options.LearningRate;
        json["seed"] = Options.Seed;
        json["data_seed"] = Options.ShuffleSeed;
        json["experts"] = Layer.Units > 0 ? Layer.Units : null;
        json["hidden"] = Layer.Hidden;
        json["trained_tokens"] = Result.Tokens;
        json["flops_per_token"] = FlopsPerToken;
        json["held_out_fvu"] = JsonSerializer.SerializeToNode(HeldOutFvu, Json.Compact);
        json["compared"] = isCompared;
        return json;
    }
}
