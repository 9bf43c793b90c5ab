namespace Mxd.Layers;

/// <summary>
/// A quantity when every unit's rows take part (codes written out as [B,units], most of them zeros), and when only the selected units' do.
/// </summary>
public sealed record DenseAndSparse(long Dense, long Sparse);

/// <summary>
/// What a layer costs, from its parameters' shapes and roles alone. A product of a token's row with a [p,q] matrix is 2 p q operations;
/// element-wise work, selection, biases and the optimizer's update are left out. A product whose input is the layer's input costs one more
/// of its size in a training step (the weights' gradient), any other two (its input's gradient too).
/// <code>
///                   forward dense, sparse    training step dense, sparse
/// InputProduct      2pq   2pq                4pq   4pq
/// HiddenProduct     2pq   2pq                6pq   6pq
/// UnitEncoder       2pq   2pq                4pq   2pq + 2Kq
/// UnitDecoder       2pq   2Kq                6pq   6Kq
/// </code>
/// For GPT-2's published MxD (B = 4096, N = 21,490, K = 32) a step is 773 GFLOP dense and 233 sparse, of which the gate's forward is 135.
/// </summary>
/// <param name="Parameters">Number of trained values.</param>
/// <param name="ForwardFlops">A token's.</param>
/// <param name="TrainingFlops">A token's, forward and backward.</param>
/// <param name="InferenceBytes">Weights in float32, and what a batch needs beside its input.</param>
/// <param name="TrainingBytes">Weights, gradients and AdamW's two moments in float32, and what a batch needs beside its input and target.</param>
public sealed record LayerCost(
    long Parameters, DenseAndSparse ForwardFlops, DenseAndSparse TrainingFlops, DenseAndSparse InferenceBytes, DenseAndSparse TrainingBytes)
{
    /// <summary>Float32 copies of a weight during training: itself, its gradient, two moments.</summary>
    private const long TrainingCopies = 4;

    /// <summary>Values of the size [B,units] in a step of TopK: see <see cref="UnitCopies"/>.</summary>
    private const long PlainUnitCopies = 5;

    /// <param name="options">The layer.</param>
    /// <param name="batch">Tokens at once.</param>
    /// <param name="selected">Units active on a token, where it was measured; otherwise K, or all units where training decides.</param>
    /// <exception cref="OverflowException">A number is more than can be counted.</exception>
    public static LayerCost Of(LayerOptions options, long batch, long? selected = null) => Of(
        [.. LayerTypes.Get(options.Type).Specs(options).Where(s => s.IsTrained).Select(s => new ParameterCost(s.Key, s.Shape[0], s.Shape.Length > 1 ? s.Shape[1] : 1, s.Role))],
        selected ?? options.Sparsity?.Active ?? options.Units,
        batch,
        UnitCopies(options));

    /// <summary>
    /// Values of the size [B,units] that a training step holds at once, counted from its code: pre-activations, activations, codes, their
    /// gradient and that of pre-activations; with a second branch its factor and gradient and one product; with sparsities of their own their masks.
    /// </summary>
    private static long UnitCopies(LayerOptions o) =>
        PlainUnitCopies + (LayerTypes.Get(o.Type).GatesUnits ? 3 : 0)
        + o.Sparsity switch { Sparsity.TopK or Sparsity.GroupMax => 0, Sparsity.L1 => 2, _ => 4 }
        + (o.AuxK is null ? 0 : 3);

    /// <param name="parameters">All of the layer's.</param>
    /// <param name="selected">Units active on a token: K, or a measured L0; ignored by layers without units.</param>
    /// <param name="batch">Tokens at once.</param>
    /// <param name="unitCopies">Values of the size [B,units] that a training step holds at once.</param>
    /// <exception cref="OverflowException">A number is more than can be counted.</exception>
    public static LayerCost Of(IReadOnlyList<ParameterCost> parameters, long selected, long batch, long unitCopies = PlainUnitCopies)
    {
        checked
        {
            long count = parameters.Sum(p => p.Count);
            return new LayerCost(
                count,
                Both(units => parameters.Sum(p => ForwardOf(p, units))),
                Both(units => parameters.Sum(p => TrainingOf(p, units))),
                Both(units => sizeof(float) * count + batch * WorkingSet.Inference.BytesPerToken(parameters, units)),
                Both(units => TrainingCopies * sizeof(float) * count + batch * WorkingSet.Training(unitCopies).BytesPerToken(parameters, units)));
        }

        DenseAndSparse Both(Func<long?, long> quantity) => new(quantity(null), quantity(selected));
    }

    private static long ForwardOf(ParameterCost p, long? selected) =>
        p.ProductFlops(p.Role == ParameterRole.UnitDecoder ? selected : null);

    private static long TrainingOf(ParameterCost p, long? selected) => checked(ForwardOf(p, selected) + p.Role switch
    {
        ParameterRole.InputProduct => p.ProductFlops(null),
        ParameterRole.HiddenProduct => 2 * p.ProductFlops(null),
        ParameterRole.UnitEncoder => p.ProductFlops(selected),
        ParameterRole.UnitDecoder => 2 * p.ProductFlops(selected),
        _ => 0,
    });

    /// <summary>Float32 values alive at once for each value a matrix gives a token, rounded up from measurements.</summary>
    /// <param name="Units">For each row of a unit encoder.</param>
    /// <param name="Inputs">For each row of another matrix that multiplies the input.</param>
    /// <param name="Outputs">For each output of a decoder.</param>
    /// <remarks>
    /// Inference measured as peak resident memory on 8,192 tokens, one width at 16,384: 2.0, 2.0, 4.0. In training the allocator keeps freed
    /// blocks, so that hidden values and outputs count for more than are alive (5.1 and 6.0). A sparse step keeps of each selected unit its index
    /// (8 bytes), value and gradient.
    /// </remarks>
    private sealed record WorkingSet(long Units, long Inputs, long Outputs)
    {
        private const long SelectedUnitBytes = 16;

        public static WorkingSet Inference { get; } = new(2, 2, 4);

        public static WorkingSet Training(long unitCopies) => new(unitCopies, 7, 12);

        public long BytesPerToken(IReadOnlyList<ParameterCost> parameters, long? selected)
        {
            checked
            {
                long units = parameters.Where(p => p.Role == ParameterRole.UnitEncoder)
                    .Select(p => selected is { } k ? SelectedUnitBytes * Math.Min(k, p.Rows) : sizeof(float) * Units * p.Rows).DefaultIfEmpty(0).Max();
                long inputs = parameters.Where(p => p.Role == ParameterRole.InputProduct).Sum(p => p.Rows);
                long outputs = parameters.Where(p => p.Role is ParameterRole.HiddenProduct or ParameterRole.UnitDecoder)
                    .Select(p => p.Columns).DefaultIfEmpty(0).Max();
                return units + sizeof(float) * (Inputs * inputs + Outputs * outputs);
            }
        }
    }
}
