using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>
/// A <see cref="UnitEncoder"/> with TopK, on any device, without a [B,N] tensor: some tokens times some units are computed at a time, and of these and
/// the largest so far the K largest are kept. The gradients touch the K chosen units of a token.
/// </summary>
internal sealed class TiledEncoder(UnitEncoder encoder, int k, Tiles tiles)
{
    private readonly ChosenRows rows = new(tiles);

    /// <summary>Units among which the auxiliary loss chooses.</summary>
    /// <param name="Mask">bool [N]; at least one.</param>
    /// <param name="K">How many are chosen on a token.</param>
    internal sealed record DeadUnits(Tensor Mask, int K);

    /// <summary>What <see cref="Forward"/> computed.</summary>
    /// <param name="Input">x - b_in, [B,I].</param>
    /// <param name="Chosen">The units chosen in ascending order, [B,K].</param>
    /// <param name="Codes">The same with their activations.</param>
    /// <param name="Dead">The dead units of largest pre-activation, [B,K'], where they were asked for.</param>
    internal sealed record Pass(Tensor Input, Candidates Chosen, TopKCodes Codes, Candidates? Dead);

    private long Units => encoder.Weights.Value.shape[0];

    /// <param name="x">[B,I].</param>
    /// <param name="scales">As in <see cref="UnitEncoder.Forward"/>.</param>
    /// <param name="dead">Units to be looked at apart, or null.</param>
    public Pass Forward(Tensor x, Tensor? scales = null, DeadUnits? dead = null)
    {
        Tensor input = encoder.Input(x);
        List<Candidates> chosen = [], chosenDead = [];
        foreach ((long start, long count) in Tiles.Cut(x.shape[0], tiles.Tokens))
        {
            (Candidates largest, Candidates? largestDead) = Choose(input.narrow(0, start, count), scales, dead);
            chosen.Add(largest);
            if (largestDead is not null) chosenDead.Add(largestDead);
        }
        Candidates all = Candidates.Stack(chosen).Ascending();
        return new Pass(input, all, Codes(all), chosenDead.Count == 0 ? null : Candidates.Stack(chosenDead).Ascending());
    }

    /// <summary>Writes the gradients of W, w, V and v, and returns that of b_in, [I], where there is one.</summary>
    /// <param name="pass">Of the same step.</param>
    /// <param name="codeGradient">d loss / d a at the units chosen, [B,K].</param>
    /// <param name="deadGradient">d loss / d p at the dead units, [B,K'], where there are some.</param>
    public Tensor? Backward(Pass pass, Tensor codeGradient, Tensor? deadGradient)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor p = pass.Chosen.PreActivations, units = pass.Codes.Indices, gradient = codeGradient * encoder.Activation.Derivative(p);
        if (pass.Chosen.Factor is { } factor)
        {
            gradient.mul_(factor);
            Write(encoder.Glu!.Weights, encoder.Glu.Bias, units, codeGradient * encoder.Activation.Apply(p), pass.Input);
        }
        Write(encoder.Weights, encoder.Bias, units, gradient, pass.Input);
        if (deadGradient is not null) Add(encoder.Weights, encoder.Bias, pass.Dead!.Numbers(), deadGradient, pass.Input);
        if (encoder.InputBias is null) return null;
        // Every unit's gradient passes through its own row: what was summed for its bias, times that row.
        Tensor through = matmul(encoder.Bias.Gradient, encoder.Weights.Value);
        if (encoder.Glu is { } glu) through = through.add(matmul(glu.Bias.Gradient, glu.Weights.Value), One);
        return through.neg_().MoveToOuterDisposeScope();
    }

    private (Candidates Chosen, Candidates? Dead) Choose(Tensor input, Tensor? scales, DeadUnits? dead)
    {
        using DisposeScope scope = NewDisposeScope();
        Candidates? chosen = null, chosenDead = null;
        foreach ((long start, long count) in Tiles.Cut(Units, tiles.Units))
        {
            using DisposeScope tile = NewDisposeScope();
            (Tensor p, Tensor? factor) = encoder.ForwardTile(input, start, count, scales);
            Tensor units = arange(Number(start), Number(start + count), One, dtype: ScalarType.Int32, device: p.device).expand(p.shape);
            // Where it is relu alone, the largest p are the largest activations, and what is not positive is inactive whichever unit it is.
            var all = new Candidates(encoder.IsRelu ? p.alias() : encoder.Activate(p, factor), units, p, factor);
            chosen = Merge(chosen, all, k);
            if (dead is null) continue;
            Tensor columns = dead.Mask.narrow(0, start, count).nonzero().squeeze(1);
            if (columns.shape[0] > 0) chosenDead = Merge(chosenDead, all.ByPreActivation(columns), dead.K);
        }
        return (chosen!.MoveToOuterDisposeScope(), chosenDead?.MoveToOuterDisposeScope());
    }

    /// <summary>The largest of those so far, which are then disposed, and those of a tile, for the scope around the current one.</summary>
    private static Candidates Merge(Candidates? sofar, Candidates tile, int k)
    {
        Candidates largest = tile.Largest(k);
        if (sofar is not null) largest = sofar.Join(largest).Largest(k);
        sofar?.Dispose();
        return largest.MoveToOuterDisposeScope();
    }

    private TopKCodes Codes(Candidates chosen) => new(chosen.Numbers(), encoder.Activate(chosen.PreActivations, chosen.Factor), Units);

    private void Write(Parameter weights, Parameter bias, Tensor units, Tensor gradient, Tensor input)
    {
        weights.Overwrite().zero_();
        bias.Overwrite().zero_();
        Add(weights, bias, units, gradient, input);
    }

    private void Add(Parameter weights, Parameter bias, Tensor units, Tensor gradient, Tensor input)
    {
        rows.AddTo(weights.Gradient, units, gradient, input);
        ChosenRows.AddTo(bias.Gradient, units, gradient);
    }
}
