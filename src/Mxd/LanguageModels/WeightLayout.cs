using Mxd.Formats;
using Mxd.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.LanguageModels;

/// <summary>One tensor of a file: where it is, the shape it must have there, and how its rows are put in our order.</summary>
/// <param name="Name">Its key in the file.</param>
/// <param name="Shape">Its shape in the file.</param>
/// <param name="Arrange">From the file's order to ours; null where they are the same. The result may be a view.</param>
internal sealed record StoredTensor(string Name, long[] Shape, Func<Tensor, Tensor>? Arrange = null);

/// <summary>
/// Where a container keeps the weights of a model: for each of <see cref="TransformerWeights"/> the stored tensors it is made of, one under
/// another. Checking the header and reading the values both follow it, so that they cannot disagree.
/// </summary>
/// <param name="config">Sizes.</param>
/// <param name="names">The container's names.</param>
internal sealed class WeightLayout(TransformerConfig config, WeightNames names)
{
    /// <summary>Finds, by the header alone, what would make <see cref="Read"/> fail.</summary>
    /// <exception cref="MxdInputException">A tensor is missing, has another shape, is stored in a way that is not read, or belongs to no such model.</exception>
    public void Check(ITensorSource source)
    {
        var expected = new HashSet<string>(StringComparer.Ordinal);
        foreach (StoredTensor tensor in All(source))
        {
            if (!source.Contains(tensor.Name))
                throw new MxdInputException($"{source.Location} has no tensor {Shown.Name(tensor.Name)}{NearestNames.Hint(tensor.Name, source.Names)}: it is not whole, or of another model than its configuration; download both again.");
            IReadOnlyList<long> found = source.Describe(tensor.Name).Shape;
            if (!found.SequenceEqual(tensor.Shape))
                throw new MxdInputException(
                    $"{source.Location} has {tensor.Name} [{string.Join(", ", found)}], but its configuration needs [{string.Join(", ", tensor.Shape)}]: the file is damaged, or of another model; download both again.");
            (source as GgufFile)?.RequireReadable(tensor.Name);
            expected.Add(tensor.Name);
        }
        // A tensor nobody asked for means a variant of the architecture that this code does not compute.
        if (source.Names.FirstOrDefault(name => !expected.Contains(name) && !names.IsIgnored(name)) is not { } unknown) return;
        if (source.Names.Any(name => name.StartsWith(names.Block(config.Layers), StringComparison.Ordinal)))
            throw new MxdInputException($"{source.Location} has more layers than the {config.Layers} of its configuration: they are of different models; download both again.");
        throw new MxdInputException($"{source.Location} has a tensor {Shown.Name(unknown)} that its configuration has no use for: this variant of the architecture is not supported; use another model.");
    }

    /// <summary>Reads the weights; beside them it holds one of their tensors at a time.</summary>
    public TransformerWeights Read(ITensorSource source, ScalarType dtype, Device device, IProgress<double>? progress)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Check(source);
        var reader = new Reader(source, dtype, device);
        Tensor embedding = reader.Read(Embedding);
        Tensor? positions = Positions is { } learned ? reader.Read(learned) : null;
        var blocks = new List<BlockWeights>(config.Layers);
        for (int layer = 0; layer < config.Layers; layer++)
        {
            blocks.Add(ReadBlock(reader, layer));
            progress?.Report((layer + 1.0) / config.Layers);
        }
        NormWeights finalNorm = ReadNorm(reader, names.FinalNorm);
        Tensor unembedding = config.IsTied ? embedding : reader.Read(Unembedding);
        Tensor? divisors = RotaryDivisors(source) is { } stored ? reader.Read(stored, ScalarType.Float32) : null;
        var weights = new TransformerWeights(embedding, positions, blocks, finalNorm, unembedding, divisors);
        // What the weights hold is theirs alone from here on.
        foreach (Tensor? tensor in new[] { embedding, positions, finalNorm.Scale, finalNorm.Shift, config.IsTied ? null : unembedding, divisors }.Concat(blocks.SelectMany(b => b.All)))
            tensor?.DetachFromDisposeScope();
        return weights;
    }

    private StoredTensor Embedding => new(names.Embedding, [config.Vocabulary, config.Width]);

    private StoredTensor Unembedding => new(names.Unembedding, [config.Vocabulary, config.Width]);

    private StoredTensor? Positions => names.Positions is { } name ? new(name, [config.ContextLength, config.Width]) : null;

    private StoredTensor? RotaryDivisors(ITensorSource source) =>
        names.RotaryDivisors is { } name && config.Rotary is { } rotary && source.Contains(name) ? new(name, [rotary.Width / 2]) : null;

    private IEnumerable<StoredTensor> All(ITensorSource source)
    {
        yield return Embedding;
        if (Positions is { } positions) yield return positions;
        for (int layer = 0; layer < config.Layers; layer++)
        {
            foreach (string norm in new[] { names.AttentionNorm, names.MlpNorm })
                foreach (StoredTensor tensor in Norm(names.Block(layer) + norm)) yield return tensor;
            foreach (LinearLayout linear in Linears(layer))
                foreach (StoredTensor tensor in linear.Weight.Concat(linear.Bias ?? [])) yield return tensor;
        }
        foreach (StoredTensor tensor in Norm(names.FinalNorm)) yield return tensor;
        if (!config.IsTied) yield return Unembedding;
        if (RotaryDivisors(source) is { } divisors) yield return divisors;
    }

    private StoredTensor[] Norm(string name)
    {
        StoredTensor scale = new(name + ".weight", [config.Width]);
        return config.HasLayerNorm ? [scale, new(name + ".bias", [config.Width])] : [scale];
    }

    private IEnumerable<LinearLayout> Linears(int layer) => [QueryKeyValue(layer), AttentionOut(layer), MlpIn(layer), MlpOut(layer)];

    private LinearLayout QueryKeyValue(int layer)
    {
        (long queries, long keys) = ((long)config.Heads * config.HeadWidth, (long)config.KeyValueHeads * config.HeadWidth);
        return names.QueryKeyValue is [var whole]
            ? Linear(layer, config.HasAttentionBias, config.Width, (whole, config.QueryKeyValueWidth, names.RowOrder(config, 0)))
            : Linear(
                layer,
                config.HasAttentionBias,
                config.Width,
                (names.QueryKeyValue[0], queries, names.RowOrder(config, config.Heads)),
                (names.QueryKeyValue[1], keys, names.RowOrder(config, config.KeyValueHeads)),
                (names.QueryKeyValue[2], keys, null));
    }

    private LinearLayout AttentionOut(int layer) => Linear(layer, config.HasAttentionBias, (long)config.Heads * config.HeadWidth, (names.AttentionOut, config.Width, null));

    private LinearLayout MlpIn(int layer) =>
        Linear(layer, config.HasMlpBias, config.Width, [.. names.MlpIn.Select(name => (name, (long)config.MlpWidth, (Func<Tensor, Tensor>?)null))]);

    private LinearLayout MlpOut(int layer) => Linear(layer, config.HasMlpBias, config.MlpWidth, (names.MlpOut, config.Width, null));

    private LinearLayout Linear(int layer, bool hasBias, long columns, params (string Name, long Rows, Func<Tensor, Tensor>? Order)[] parts) => new(
        [.. parts.Select(p => names.IsTransposed
            ? new StoredTensor($"{names.Block(layer)}{p.Name}.weight", [columns, p.Rows], t => t.t())
            : new StoredTensor($"{names.Block(layer)}{p.Name}.weight", [p.Rows, columns], p.Order))],
        hasBias ? [.. parts.Select(p => new StoredTensor($"{names.Block(layer)}{p.Name}.bias", [p.Rows], p.Order))] : null);

    private BlockWeights ReadBlock(Reader reader, int layer) => new(
        ReadNorm(reader, names.Block(layer) + names.AttentionNorm),
        reader.Read(QueryKeyValue(layer)),
        reader.Read(AttentionOut(layer)),
        ReadNorm(reader, names.Block(layer) + names.MlpNorm),
        reader.Read(MlpIn(layer)),
        reader.Read(MlpOut(layer)));

    private NormWeights ReadNorm(Reader reader, string name)
    {
        StoredTensor[] stored = Norm(name);
        return new NormWeights(reader.Read(stored[0]), stored.Length > 1 ? reader.Read(stored[1]) : null);
    }

    /// <summary>Stored tensors that make up a weight, and those of its bias.</summary>
    private sealed record LinearLayout(StoredTensor[] Weight, StoredTensor[]? Bias);

    private sealed class Reader(ITensorSource source, ScalarType dtype, Device device)
    {
        public Tensor Read(StoredTensor stored, ScalarType? type = null) => Read([stored], type ?? dtype);

        public LinearWeights Read(LinearLayout layout) => new(Read(layout.Weight, dtype), layout.Bias is { } bias ? Read(bias, dtype) : null);

        /// <summary>The parts under one another; in our scope, with nothing else left in it.</summary>
        private Tensor Read(StoredTensor[] parts, ScalarType type)
        {
            using DisposeScope scope = NewDisposeScope();
            if (parts is [{ Arrange: null } plain]) return source.Read(plain.Name, type).to(device).MoveToOuterDisposeScope();
            Tensor whole = empty([parts.Sum(p => Arranged(p.Shape, p.Arrange)[0]), .. Arranged(parts[0].Shape, parts[0].Arrange)[1..]], type, device);
            long row = 0;
            foreach (StoredTensor part in parts)
            {
                using DisposeScope one = NewDisposeScope();
                Tensor read = source.Read(part.Name, type);
                Tensor arranged = part.Arrange?.Invoke(read) ?? read;
                whole.narrow(0, row, arranged.shape[0]).copy_(arranged);
                row += arranged.shape[0];
            }
            return whole.MoveToOuterDisposeScope();
        }

        private static long[] Arranged(long[] shape, Func<Tensor, Tensor>? arrange)
        {
            if (arrange is null) return shape;
            using DisposeScope scope = NewDisposeScope();
            return arrange(empty(shape, device: META)).shape;
        }
    }
}
