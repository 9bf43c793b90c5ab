using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Mxd.Layers;

/// <summary>
/// The hidden layer that experts share, and an ordinary MLP's: with x [B,I],
/// <code>
/// z = act(x Eᵀ + e) * (x Vᵀ + v)    [B,H]   E [H,I]; the second factor in GLU variants only, V [H,I]
/// s = z D                           [B,O]   D [H,O]
/// </code>
/// </summary>
internal sealed class HiddenBranch(Parameter weights, Parameter bias, ActivationFunction activation, GluBranch? glu, Parameter decoder)
{
    public Parameter Weights => weights;

    public Parameter Bias => bias;

    public Parameter Decoder => decoder;

    public GluBranch? Glu => glu;

    public ActivationFunction Activation => activation;

    /// <summary>What <see cref="Forward"/> computed: u = x Eᵀ + e and the second factor (or null), both [B,H]; z [B,H]; s [B,O].</summary>
    internal sealed record Pass(Tensor PreActivations, Tensor? Factor, Tensor Hidden, Tensor Shared);

    public Pass Forward(Tensor x)
    {
        Tensor u = F.linear(x, weights.Value, bias.Value);
        Tensor? factor = glu?.Forward(x);
        Tensor z = activation.Apply(u);
        if (factor is not null) z = z * factor;
        return new Pass(u, factor, z, matmul(z, decoder.Value));
    }

    /// <summary>Writes the gradients of E, e, D, V and v.</summary>
    /// <param name="pass">Of the same step.</param>
    /// <param name="x">[B,I].</param>
    /// <param name="gradient">d loss / d s, [B,O].</param>
    public void Backward(Pass pass, Tensor x, Tensor gradient)
    {
        using DisposeScope scope = NewDisposeScope();
        decoder.SetGradient(matmul(pass.Hidden.t(), gradient));
        Tensor hidden = matmul(gradient, decoder.Value.t());
        if (pass.Factor is { } factor)
        {
            glu!.Backward(x, activation.Apply(pass.PreActivations).mul_(hidden));
            hidden.mul_(factor);
        }
        hidden.mul_(activation.Derivative(pass.PreActivations));
        weights.SetGradient(matmul(hidden.t(), x));
        bias.SetGradient(hidden.sum(dim: 0));
    }

    /// <summary>D is zero at first, so that training starts from the output bias.</summary>
    public static IEnumerable<ParameterSpec> Specs(LayerOptions o, bool glu)
    {
        long hidden = o.Hidden!.Value;
        IEnumerable<ParameterSpec> specs =
        [
            new("W_enc", [hidden, o.InputWidth], new Initial.Linear(o.InputWidth), StoredTransposed: true) { Role = ParameterRole.InputProduct },
            new("b_enc", [hidden], new Initial.Zeros()),
            new("W_dec", [hidden, o.OutputWidth], new Initial.Zeros()) { Role = ParameterRole.HiddenProduct },
        ];
        return glu ? specs.Concat(GluBranch.Specs(hidden, o, ParameterRole.InputProduct)) : specs;
    }

    public static HiddenBranch Create(LayerOptions options, ParameterSet parameters) => new(
        parameters["W_enc"], parameters["b_enc"], ActivationFunction.Parse(options.Activation!), parameters.Glu(), parameters["W_dec"]);
}
