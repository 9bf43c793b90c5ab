using Mxd.Layers;

namespace Mxd.Interchange;

/// <summary>
/// One architecture of SAELens. With p = x' W_enc + b_enc, where SAEs may take b_dec from x' first:
/// <code>
/// standard, transcoder, skip_transcoder           a = relu(p)
/// topk                                            a = TopK(relu(p)), p times ‖W_dec row‖ first if rescale_acts_by_decoder_norm
/// jumprelu and the transcoders of that name       a = relu(p) [p > threshold]
///                                                 y = a W_dec + b_dec (+ x W_skipᵀ)
/// </code>
/// </summary>
/// <param name="Name">In <c>cfg.json</c>.</param>
/// <param name="Type">A name of <see cref="LayerTypes"/>.</param>
/// <param name="Selection">How units are chosen.</param>
internal sealed record SaeLensArchitecture(string Name, string Type, SaeLensSelection Selection)
{
    public static IReadOnlyList<SaeLensArchitecture> All { get; } =
    [
        new("standard", "sae", SaeLensSelection.Relu),
        new("topk", "sae", SaeLensSelection.TopK),
        new("jumprelu", "sae", SaeLensSelection.Threshold),
        new("transcoder", "transcoder", SaeLensSelection.Relu),
        new("skip_transcoder", "skip-transcoder", SaeLensSelection.Relu),
        new("jumprelu_transcoder", "transcoder", SaeLensSelection.Threshold),
        new("jumprelu_skip_transcoder", "skip-transcoder", SaeLensSelection.Threshold),
    ];

    public bool IsAutoencoder => LayerTypes.Get(Type).IsAutoencoder;

    public bool HasSkip => Type == "skip-transcoder";

    /// <summary>The architecture of such a layer, or null where SAELens has none.</summary>
    public static SaeLensArchitecture? Of(LayerOptions layer) => All.FirstOrDefault(a => a.Type == layer.Type && a.Selection == SelectionOf(layer.Sparsity));

    /// <summary>
    /// A trained BatchTopK keeps what lies above one threshold, which is a jumprelu whose units all have that threshold; SAELens writes its
    /// own in the same way.
    /// </summary>
    private static SaeLensSelection? SelectionOf(Sparsity? sparsity) => sparsity switch
    {
        Sparsity.L1 => SaeLensSelection.Relu,
        Sparsity.TopK => SaeLensSelection.TopK,
        Sparsity.JumpRelu or Sparsity.BatchTopK => SaeLensSelection.Threshold,
        _ => null,
    };

    /// <summary>The choice of units; K matters where there is one.</summary>
    public Sparsity ToSparsity(int k) => Selection switch
    {
        SaeLensSelection.TopK => new Sparsity.TopK(k),
        SaeLensSelection.Threshold => new Sparsity.JumpRelu(0),
        _ => new Sparsity.L1(0),
    };

    /// <summary>The tensors of such a layer.</summary>
    public ForeignTensors Tensors(LayerOptions layer)
    {
        string outputField = IsAutoencoder ? "d_in" : "d_out";
        Extent inputs = new(layer.InputWidth, $"d_in is {layer.InputWidth}"), units = new(layer.Units, $"d_sae is {layer.Units}");
        Extent outputs = new(layer.OutputWidth, $"{outputField} is {layer.OutputWidth}");
        List<ForeignTensor> tensors =
        [
            new("W_enc", "W_enc", inputs, units),
            new("b_enc", "b_enc", units),
            new("W_dec", "W_dec", units, outputs),
            new("b_dec", IsAutoencoder ? "b_dec" : "b_dec_out", outputs),
        ];
        if (Selection == SaeLensSelection.Threshold) tensors.Add(new ForeignTensor("threshold", Sparsity.ThresholdKey, units) { MayBeInfinite = true });
        if (HasSkip) tensors.Add(new ForeignTensor("W_skip", "W_skip.weight", outputs, inputs));
        return new ForeignTensors($"a layer of architecture '{Name}'", tensors);
    }
}

/// <summary>How an architecture of SAELens chooses among its units' activations.</summary>
internal enum SaeLensSelection
{
    /// <summary>All above zero.</summary>
    Relu,

    /// <summary>The K largest of a token.</summary>
    TopK,

    /// <summary>Those above the unit's own threshold.</summary>
    Threshold,
}
