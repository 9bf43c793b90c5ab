using Mxd.Layers;
using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;

namespace Mxd.Exploration;

/// <summary>
/// What each unit adds to its layer's output over a text, without running the layer once a unit: y = r(x) + Σ_n a_n v_n * s(x) (<see cref="UnitOutputs"/>), so that
/// removing unit n alone, its coefficient set to zero, takes δ = a_n v_n * s away, and the squared error grows by
/// <code>
/// ‖t - (y - δ)‖² - ‖t - y‖² = 2 (t - y)·δ + ‖δ‖²
/// </code>
/// First tokens of contexts, the same in all, are left out. Held for N units: 2 N O float64 values, whatever the length of the text, in tensors of the dispose scope it is made in.
/// </summary>
internal sealed class ContributionTally
{
    /// <summary>Contributions written out at once: 19 MB at O = 576.</summary>
    private const int ChunkEntries = 4096;

    private readonly ILayer layer;
    private readonly Tensor added, targetsWhereActive, all;
    private readonly double[] growth, squares;
    private readonly long[] active;
    private double allSquares;
    private long tokens;

    public ContributionTally(ILayer layer)
    {
        this.layer = layer;
        (long units, long width) = (layer.Options.Units, layer.Options.OutputWidth);
        added = Zeros(units, width);
        targetsWhereActive = Zeros(units, width);
        all = Zeros(width);
        (growth, squares, active) = (new double[units], new double[units], new long[units]);

        Tensor Zeros(params long[] shape) => zeros(shape, ScalarType.Float64, layer.Device());
    }

    /// <summary>Tokens on which a unit is active, first ones left out.</summary>
    public long Active(int unit) => active[unit];

    /// <summary>Adds contexts with their targets.</summary>
    /// <param name="some">The contexts.</param>
    /// <param name="entries">The coefficients above zero on them.</param>
    /// <param name="length">Tokens a context.</param>
    public void Add(EncodedContexts some, IReadOnlyList<CodeEntry> entries, int length)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor targets = some.Targets!.to(ScalarType.Float64), error = targets - layer.Decode(some.Codes, some.Inputs).to(ScalarType.Float64);
        UnitOutputs outputs = layer.OutputsOfUnits(some.Inputs) ?? throw new NotSupportedException($"A layer of type '{layer.Options.Type}' does not say what its units add to the output.");
        Tensor inside = targets.view(some.Count, length, -1).narrow(1, 1, length - 1).reshape(-1, targets.shape[1]);
        all.add_(inside.sum(dim: 0), One);
        allSquares += (inside * inside).sum().ToDouble();
        tokens += inside.shape[0];
        double[] targetSquares = (targets * targets).sum(1).cpu().data<double>().ToArray();
        foreach (CodeEntry[] chunk in entries.Where(entry => entry.Row % length > 0).Chunk(ChunkEntries)) Add(chunk, outputs, targets, error, targetSquares);
    }

    /// <summary>What a unit adds, on average over the tokens on which it is active, [O].</summary>
    public Tensor MeanContribution(int unit) => added[unit] / Number(Math.Max(1, active[unit]));

    /// <summary>By how much the squared error on the tokens a unit is active on grows without it, as a share of the targets' squared distance there from their mean over all tokens.</summary>
    public double ShareWhereActive(int unit)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor mean = all / Number(tokens);
        // Σ ‖t - m‖² = Σ ‖t‖² - 2 m·Σt + n ‖m‖².
        double variance = squares[unit] - 2 * mean.dot(targetsWhereActive[unit]).ToDouble() + active[unit] * mean.dot(mean).ToDouble();
        return growth[unit] / variance;
    }

    /// <summary>By how much the layer's FVU on this text grows without a unit.</summary>
    public double Fvu(int unit)
    {
        using DisposeScope scope = NewDisposeScope();
        return growth[unit] / (allSquares - all.dot(all).ToDouble() / tokens);
    }

    private void Add(CodeEntry[] chunk, UnitOutputs outputs, Tensor targets, Tensor error, double[] targetSquares)
    {
        using DisposeScope scope = NewDisposeScope();
        Device device = targets.device;
        Tensor rows = tensor([.. chunk.Select(e => (long)e.Row)]).to(device), units = tensor([.. chunk.Select(e => (long)e.Unit)]).to(device);
        Tensor contribution = outputs.Vectors.index_select(0, units).to(ScalarType.Float64) * tensor([.. chunk.Select(e => (double)e.Value)]).to(device).unsqueeze(1);
        if (outputs.Scale is { } scale) contribution = contribution * scale.index_select(0, rows);
        Tensor left = error.index_select(0, rows);
        double[] grown = (left.add(left, One).add(contribution, One) * contribution).sum(1).cpu().data<double>().ToArray();
        added.index_add_(0, units, contribution, One);
        targetsWhereActive.index_add_(0, units, targets.index_select(0, rows), One);
        for (int i = 0; i < chunk.Length; i++)
        {
            growth[chunk[i].Unit] += grown[i];
            squares[chunk[i].Unit] += targetSquares[chunk[i].Row];
            active[chunk[i].Unit]++;
        }
    }
}
