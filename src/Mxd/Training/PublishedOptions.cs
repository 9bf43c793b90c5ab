using Mxd.Layers;

namespace Mxd.Training;

/// <summary>A run's options as a <see cref="PublishedPreset"/> sets them; what a person names besides goes before.</summary>
public static class PublishedOptions
{
    /// <summary>Options to begin with: model, text, layer, sizes and recipe of the published run.</summary>
    /// <param name="start">What the preset says nothing of.</param>
    /// <param name="preset">The published runs of one language model.</param>
    /// <param name="type">Kind of layer, for its size; where none was published, the parameters are matched.</param>
    /// <param name="multiplier">Of the published sizes; 32 where it is not named.</param>
    public static TrainOptions Of(TrainOptions start, PublishedPreset preset, string type, long? multiplier)
    {
        PublishedRecipe recipe = PublishedRecipe.Default;
        PublishedSize? size = preset.Size(type, multiplier ?? ParameterBudget.DefaultMultiplier);
        // For a type without units a multiplier asks for the parameters of that transcoder, not for the mixture's hidden width.
        bool hasHidden = LayerTypes.Find(type) is { HasHidden: true, HasUnits: var hasUnits } && (hasUnits || multiplier is null);
        return start with
        {
            Model = preset.Model,
            Text = [PublishedRecipe.Text],
            Layer = preset.Layer,
            Type = type,
            Experts = size?.Units,
            Multiplier = size?.Units is null ? multiplier : null,
            Hidden = hasHidden ? size?.Hidden ?? preset.Mixtures.Hidden : null,
            LearningRate = recipe.LearningRate,
            Warmup = recipe.WarmupSteps,
            Batch = recipe.Batch,
            Context = recipe.Context,
            Tokens = recipe.Tokens,
            Seed = recipe.Seed,
        };
    }
}
