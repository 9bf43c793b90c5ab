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
/// First tokens of contexts, the same in all, are left out. Held for each unit that is watched: 2 O float64 values, whatever the length of the text, in tensors of the dispose scope it is made in.
/// </summary>
internal sealed class ContributionTally
{
    /// <summary>Bytes of contributions written out at once; some six tensors of this size are alive together.</summary>
    private const long ChunkBytes = 16 << 20;

    private readonly ILayer layer;
    private readonly Dictionary<int, int> places;
    private readonly Tensor added, targetsWhereActive, all;
    private readonly double[] growth, growthWhereActive, squares;
    private readonly long[] active;
    private double allSquares;
    private long tokens;

    /// <param name="layer">The layer.</param>
    /// <param name="watched">The units; null for all.</param>
    public ContributionTally(ILayer layer, IReadOnlySet<int>? watched)
    {
        this.layer = layer;
        long width = layer.Options.OutputWidth;
        places = Enumerable.Range(0, (int)layer.Options.Units).Where(unit => watched?.Contains(unit) ?? true).Select((unit, place) => (unit, place)).ToDictionary();
        added = Zeros(places.Count, width);
        targetsWhereActive = Zeros(places.Count, width);
        all = Zeros(width);
        (growth, growthWhereActive, squares, active) = (new double[places.Count], new double[places.Count], new double[places.Count], new long[places.Count]);

        Tensor Zeros(params long[] shape) => zeros(shape, ScalarType.Float64, layer.Device());
    }

    /// <summary>Bytes that one takes.</summary>
    public static long Bytes(LayerOptions layer, long watched) => 2 * watched * layer.OutputWidth * sizeof(double);

    /// <summary>Tokens on which a unit is active, first ones left out.</summary>
    public long Active(int unit) => active[places[unit]];

    /// <summary>Adds contexts with their targets.</summary>
    /// <param name="some">The contexts.</param>
    /// <param name="entries">The coefficients on them that are not zero.</param>
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
        int chunk = (int)Math.Max(1, ChunkBytes / (sizeof(double) * targets.shape[1]));
        foreach (CodeEntry[] part in entries.Where(entry => entry.Row % length > 0 && places.ContainsKey(entry.Unit)).Chunk(chunk)) Add(part, outputs, targets, error, targetSquares);
    }

    /// <summary>What a unit adds, on average over the tokens on which it is active, [O].</summary>
    public Tensor MeanContribution(int unit) => added[places[unit]] / Number(Math.Max(1, Active(unit)));

    /// <summary>By how much the squared error on the tokens a unit is active on grows without it, as a share of the targets' squared distance there from their mean over all tokens.</summary>
    public double ShareWhereActive(int unit)
    {
        using DisposeScope scope = NewDisposeScope();
        int place = places[unit];
        Tensor mean = all / Number(tokens);
        // Σ ‖t - m‖² = Σ ‖t‖² - 2 m·Σt + n ‖m‖².
        double variance = squares[place] - 2 * mean.dot(targetsWhereActive[place]).ToDouble() + active[place] * mean.dot(mean).ToDouble();
        return growthWhereActive[place] / variance;
    }

    /// <summary>By how much the layer's FVU on this text grows without a unit, coefficients below zero, which some activations give, removed too.</summary>
    public double Fvu(int unit)
    {
        using DisposeScope scope = NewDisposeScope();
        return growth[places[unit]] / (allSquares - all.dot(all).ToDouble() / tokens);
    }

    private void Add(CodeEntry[] part, UnitOutputs outputs, Tensor targets, Tensor error, double[] targetSquares)
    {
        using DisposeScope scope = NewDisposeScope();
        Device device = targets.device;
        int[] at = [.. part.Select(entry => places[entry.Unit])];
        Tensor rows = tensor([.. part.Select(e => (long)e.Row)]).to(device), units = tensor([.. part.Select(e => (long)e.Unit)]).to(device);
        Tensor contribution = outputs.Vectors.index_select(0, units).to(ScalarType.Float64) * tensor([.. part.Select(e => (double)e.Value)]).to(device).unsqueeze(1);
        if (outputs.Scale is { } scale) contribution = contribution * scale.index_select(0, rows);
        Tensor left = error.index_select(0, rows);
        double[] grown = (left.add(left, One).add(contribution, One) * contribution).sum(1).cpu().data<double>().ToArray();
        for (int i = 0; i < part.Length; i++)
        {
            growth[at[i]] += grown[i];
            if (part[i].Value <= 0) continue;
            growthWhereActive[at[i]] += grown[i];
            squares[at[i]] += targetSquares[part[i].Row];
            active[at[i]]++;
        }
        long[] positive = [.. Enumerable.Range(0, part.Length).Where(i => part[i].Value > 0).Select(i => (long)i)];
        Tensor chosen = tensor(positive).to(device), into = tensor([.. positive.Select(i => (long)at[i])]).to(device);
        added.index_add_(0, into, contribution.index_select(0, chosen), One);
        targetsWhereActive.index_add_(0, into, targets.index_select(0, rows.index_select(0, chosen)), One);
    }
}
