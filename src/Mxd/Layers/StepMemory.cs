using Mxd.Kernels;
using Mxd.Runtime;
using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>What training a layer holds, by the path its steps take: that of dense torch operations, or the kernels' (<see cref="FastStep"/>).</summary>
/// <param name="State">Weights, AdamW's two moments and the gradients that are held whole, bytes.</param>
/// <param name="Work">What a step needs beside them, its batch included, bytes.</param>
public sealed record StepMemory(long State, long Work)
{
    /// <summary>What a product packs at a time, at most.</summary>
    private const long PackedBytes = 1 << 24;

    /// <summary>
    /// Bytes of each chosen unit of a token: by kernels its index, value, gradient and its place among the unit's tokens; after
    /// the step, where it is counted, two masks and two copies of the index.
    /// </summary>
    private const long ChosenBytes = 20 + 18;

    /// <summary>Tiles that <see cref="TiledStep"/> holds at once: 0.35 to 0.4 GB beside weights, gradients and moments were measured.</summary>
    private const long TileCopies = 6;

    /// <param name="options">The layer.</param>
    /// <param name="batch">Tokens a step.</param>
    /// <param name="device">Where it is trained.</param>
    /// <param name="precision">In what.</param>
    /// <exception cref="OverflowException">There are more bytes than can be counted.</exception>
    public static StepMemory Of(LayerOptions options, long batch, Device device, Precision precision = Precision.Full)
    {
        checked
        {
            LayerCost cost = LayerCost.Of(options, batch);
            long given = batch * (options.InputWidth + options.OutputWidth) * sizeof(float) + (precision == Precision.Mixed && Bfloat16.IsFast ? NarrowBytes(options, batch) : 0);
            long state = LayerCost.Of(options, 0).TrainingBytes.Dense;
            return Way(options, device) switch
            {
                ComputeWay.Readable => new StepMemory(state, given + cost.TrainingBytes.Dense - state),
                ComputeWay.Fast when options.AuxK is null => new StepMemory(state - UnitGradientBytes(options), given + KernelBytes(options, batch)),
                // Steps in which units are dead are done in tiles.
                ComputeWay.Fast => new StepMemory(state, given + KernelBytes(options, batch) + TileBytes),
                _ => new StepMemory(state, given + cost.TrainingBytes.Sparse - state + TileBytes),
            };
        }
    }

    /// <summary>Are the activations of all units of a batch written out to encode it?</summary>
    public static bool HoldsAllUnits(LayerOptions options, Device device) => Way(options, device) == ComputeWay.Readable;

    private static long TileBytes => TileCopies * sizeof(float) * new Tiles().Tokens * new Tiles().Units;

    /// <summary>Asks the layer itself, built without memory.</summary>
    internal static ComputeWay Way(LayerOptions options, Device device)
    {
        using ILayer shape = LayerTypes.Get(options.Type).Initialise(options, 0, META);
        return shape is SparseLayer sparse ? sparse.Way(device) : ComputeWay.Readable;
    }

    /// <summary>Gradients of matrices with a row a unit are summed row by row while the row is updated.</summary>
    private static long UnitGradientBytes(LayerOptions options) => checked(sizeof(float) * LayerTypes.Get(options.Type).Specs(options)
        .Where(s => s.IsTrained && s.Role is ParameterRole.UnitEncoder or ParameterRole.UnitDecoder).Sum(s => s.Count));

    /// <summary>
    /// In mixed precision, beside what evaluation takes in float32: both operands and the result of the largest hidden product, the input and the units that
    /// are multiplied at a time, and half as many candidates again.
    /// </summary>
    private static long NarrowBytes(LayerOptions options, long batch)
    {
        checked
        {
            long widest = Math.Max(options.Hidden ?? 0, Math.Max(options.InputWidth, options.OutputWidth)), k = options.Sparsity?.Active ?? 0;
            return sizeof(ushort) * batch * (2 * widest + 2 * options.InputWidth) + 2 * PackedBytes + batch * 2 * sizeof(float) * TopKCandidates.Room(k + Math.Max(k / 2, 32));
        }
    }

    /// <summary>
    /// The buffers of <see cref="FastStep"/> and what it returns: x; a C, z D, d loss / d y and y, [B,O] each; of a hidden layer z and what its
    /// branches computed, [B,H] each; the chosen units and the candidates for them; packed panels of the gate and of other products.
    /// </summary>
    private static long KernelBytes(LayerOptions options, long batch)
    {
        checked
        {
            ParameterSpec[] products = [.. LayerTypes.Get(options.Type).Specs(options).Where(s => s.Role is ParameterRole.InputProduct or ParameterRole.HiddenProduct)];
            long branches = products.Count(s => s.Role == ParameterRole.InputProduct && s.Key != SkipConnection.Key);
            long hidden = options.Hidden is { } width ? (1 + branches) * width : 0, outputs = options.Hidden is null ? 3 : 4;
            long k = options.Sparsity!.Active!.Value, candidates = 2 * sizeof(float) * TopKCandidates.Room(k);
            long gated = LayerTypes.Get(options.Type).GatesUnits ? sizeof(float) * k : 0;
            long token = gated + sizeof(float) * (options.InputWidth + outputs * options.OutputWidth + hidden) + ChosenBytes * k + candidates;
            return batch * token + (1 + (products.Length > 0 ? 1 : 0) + (LayerTypes.Get(options.Type).GatesUnits ? 1 : 0)) * PackedBytes;
        }
    }
}
