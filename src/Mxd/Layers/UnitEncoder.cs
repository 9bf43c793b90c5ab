using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Mxd.Layers;

/// <summary>
/// Gives every unit an activation: with x [B,I],
/// <code>
/// p = (x - b_in) Wᵀ + w       [B,N]   W [N,I]; b_in [I] in autoencoders only
/// u = act(p) * (x Vᵀ + v)     [B,N]   the second factor in GLU variants only, V [N,I]
/// </code>
/// </summary>
internal sealed class UnitEncoder(Parameter weights, Parameter bias, ActivationFunction activation, GluBranch? glu, Parameter? inputBias)
{
    public Parameter Weights => weights;

    public Parameter Bias => bias;

    public ActivationFunction Activation => activation;

    public GluBranch? Glu => glu;

    /// <summary>b_in, or null.</summary>
    public Parameter? InputBias => inputBias;

    /// <summary>Is it relu(p) alone, so that the largest activations are the largest pre-activations?</summary>
    public bool IsRelu => glu is null && activation.Name == "relu";

    /// <summary>What <see cref="Forward"/> computed.</summary>
    /// <param name="Input">x - b_in, [B,I].</param>
    /// <param name="PreActivations">p, [B,N].</param>
    /// <param name="Factor">x Vᵀ + v, [B,N], or null.</param>
    /// <param name="Activations">u, [B,N].</param>
    internal sealed record Pass(Tensor Input, Tensor PreActivations, Tensor? Factor, Tensor Activations);

    /// <param name="x">[B,I].</param>
    /// <param name="scales">What pre-activations are multiplied by, [N], where a file's formula asks for it.</param>
    public Pass Forward(Tensor x, Tensor? scales = null)
    {
        Tensor input = Input(x);
        Tensor p = F.linear(input, weights.Value, bias.Value);
        if (scales is not null) p = p * scales;
        Tensor? factor = glu?.Forward(input);
        return new Pass(input, p, factor, Activate(p, factor));
    }

    /// <summary>p and the second factor (or null) of the units from <paramref name="start"/> on, [B,count].</summary>
    /// <param name="input">x - b_in, [B,I].</param>
    /// <param name="start">The first unit.</param>
    /// <param name="count">How many.</param>
    /// <param name="scales">As in <see cref="Forward"/>.</param>
    public (Tensor PreActivations, Tensor? Factor) ForwardTile(Tensor input, long start, long count, Tensor? scales)
    {
        Tensor p = F.linear(input, weights.Value.narrow(0, start, count), bias.Value.narrow(0, start, count));
        if (scales is not null) p = p * scales.narrow(0, start, count);
        return (p, glu?.Forward(input, start, count));
    }

    /// <summary>x - b_in.</summary>
    public Tensor Input(Tensor x) => inputBias is null ? x : x - inputBias.Value;

    /// <summary>u of p and the second factor.</summary>
    public Tensor Activate(Tensor p, Tensor? factor)
    {
        Tensor u = activation.Apply(p);
        return factor is null ? u : u * factor;
    }

    /// <summary>Writes the gradients of W, w, V and v, and returns that of b_in, [I], where there is one.</summary>
    /// <param name="pass">Of the same step.</param>
    /// <param name="codes">The units chosen: the others pass no gradient on.</param>
    /// <param name="codeGradient">d loss / d a, [B,N].</param>
    /// <param name="auxiliary">A gradient of the pre-activations to be added, [B,N], or null.</param>
    public Tensor? Backward(Pass pass, SparseCodes codes, Tensor codeGradient, Tensor? auxiliary)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor chosen = codes.Gather(codeGradient), p = codes.Gather(pass.PreActivations);
        Tensor? factorGradient = null;
        if (pass.Factor is { } factor)
        {
            factorGradient = codes.Scatter(chosen * activation.Apply(p));
            chosen = chosen * codes.Gather(factor);
        }
        Tensor gradient = codes.Scatter(chosen * activation.Derivative(p));
        if (auxiliary is not null) gradient = gradient.add(auxiliary, One);
        weights.SetGradient(matmul(gradient.t(), pass.Input));
        bias.SetGradient(gradient.sum(dim: 0));
        if (factorGradient is not null) glu!.Backward(pass.Input, factorGradient);
        if (inputBias is null) return null;
        Tensor through = matmul(gradient.sum(dim: 0), weights.Value);
        if (factorGradient is not null) through = through.add(matmul(factorGradient.sum(dim: 0), glu!.Weights.Value), One);
        return through.neg_().MoveToOuterDisposeScope();
    }
}
