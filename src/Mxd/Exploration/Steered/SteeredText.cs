using Mxd.Evaluation;
using Mxd.LanguageModels;
using Mxd.LanguageModels.Generation;
using Mxd.Layers;
using Mxd.Tokenizers;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Exploration.Steered;

/// <summary>A prompt continued with a layer in place, as it is and with one of its units steered.</summary>
/// <param name="Unit">The unit.</param>
/// <param name="Coefficient">What is added to it at every position.</param>
/// <param name="Divergence">KL(steered ‖ not) of the prediction that follows the prompt, in nats.</param>
/// <param name="Before">Continuation without steering.</param>
/// <param name="After">Continuation with it.</param>
public sealed record SteeredText(long Unit, double Coefficient, double Divergence, string Before, string After)
{
    /// <summary>Continues a prompt both ways, with the same random numbers.</summary>
    /// <param name="model">The language model the layer belongs to.</param>
    /// <param name="replacement">The layer.</param>
    /// <param name="tokenizer">The model's.</param>
    /// <param name="prompt">Token ids, the first token included.</param>
    /// <param name="steering">The unit and what is added to it.</param>
    /// <param name="options">How to continue; the first sample is taken.</param>
    public static SteeredText Compare(
        LanguageModel model, Replacement replacement, ITokenizer tokenizer, IReadOnlyList<int> prompt, (long Unit, double Coefficient) steering, GenerationOptions options)
    {
        var steered = new Steering(new Dictionary<long, double> { [steering.Unit] = steering.Coefficient });
        return new SteeredText(
            steering.Unit, steering.Coefficient, Measure(model, replacement, prompt, steered), Continue(replacement.Splice(model)), Continue(replacement.Splice(model, steered)));

        string Continue(IDisposable splice)
        {
            using (splice) return new TextGenerator(model, tokenizer).Generate(prompt, options).Samples[0].Text;
        }
    }

    /// <summary>How far steering moves the prediction that follows a prompt: KL(steered ‖ not), in nats.</summary>
    /// <param name="model">The language model the layer belongs to.</param>
    /// <param name="replacement">The layer.</param>
    /// <param name="prompt">Token ids, the first token included.</param>
    /// <param name="steering">The units and what is added to them.</param>
    /// <param name="fromEnd">At the prompt's last token alone, instead of at all.</param>
    public static double Measure(LanguageModel model, Replacement replacement, IReadOnlyList<int> prompt, Steering steering, bool fromEnd = false) =>
        Measure(model, new ReplacementSet([replacement]), prompt, new Dictionary<int, Steering> { [0] = steering }, fromEnd);

    /// <summary>The same of layers that are in place together.</summary>
    /// <param name="model">The language model the layers belong to.</param>
    /// <param name="layers">The layers.</param>
    /// <param name="prompt">Token ids, the first token included.</param>
    /// <param name="steering">The units and what is added to them, by the layer's number.</param>
    /// <param name="fromEnd">At the prompt's last token alone, instead of at all.</param>
    public static double Measure(LanguageModel model, ReplacementSet layers, IReadOnlyList<int> prompt, IReadOnlyDictionary<int, Steering> steering, bool fromEnd = false)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor tokens = tensor([.. prompt.Select(id => (long)id)]).unsqueeze(0).to(model.Device);
        Tensor plain = Predict(layers.Splice(model)), steered = Predict(layers.Splice(model, steering, fromEnd));
        return (steered.exp() * (steered - plain)).sum().ToDouble();

        Tensor Predict(IDisposable splice)
        {
            using (splice)
            {
                Tensor hidden = model.Forward(tokens);
                return nn.functional.log_softmax(model.Logits(hidden.select(1, -1)).to(ScalarType.Float64), dim: -1);
            }
        }
    }
}
