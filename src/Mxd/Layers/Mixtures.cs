namespace Mxd.Layers;

/// <summary>
/// Mixture of Decoders (arXiv 2505.21364, section 3): N experts share one hidden layer and one decoder and differ by a vector c_n that
/// scales the output. With x [B,I]:
/// <code>
/// z = act(x Eᵀ + e)                 [B,H]   E [H,I]            glu: z = act(x Eᵀ + e) * (x Vᵀ + v)
/// a = TopK_K(relu(x Gᵀ + g))        [B,N]   G [N,I]
/// y = (a C) * (z D) + b             [B,O]   C [N,O], D [H,O]   skip: y = ... + x W_skipᵀ
/// </code>
/// which equals Σ_n a_n W_nᵀ z with full-rank experts W_n = D diag(c_n).
/// </summary>
public static class Mixtures
{
    public static LayerType Plain { get; } = Create("mxd", "MxD", glu: false, skip: false);

    public static LayerType Glu { get; } = Create("glu-mxd", "GLU MxD", glu: true, skip: false);

    public static LayerType Skip { get; } = Create("skip-mxd", "Skip MxD", glu: false, skip: true);

    public static LayerType GluSkip { get; } = Create("glu-skip-mxd", "GLU skip MxD", glu: true, skip: true);

    private static LayerType Create(string name, string title, bool glu, bool skip) => new()
    {
        Name = name,
        Title = title,
        DefaultActivation = "gelu",
        HasHidden = true,
        HasPenalties = true,
        Specs = options => [.. Specs(options, glu, skip)],
        Create = Create,
    };

    /// <summary>The reference draws C, a linear layer N → O, with fan-in N where its norms are free.</summary>
    private static IEnumerable<ParameterSpec> Specs(LayerOptions o, bool glu, bool skip)
    {
        Initial scales = o.UnitNorm ? new Initial.UnitRows() : new Initial.Linear(o.Units);
        IEnumerable<ParameterSpec> own =
        [
            new("gate", [o.Units, o.InputWidth], new Initial.Linear(o.InputWidth)) { Role = ParameterRole.UnitEncoder },
            new("gate_bias", [o.Units], new Initial.Zeros()),
            new("W_cond", [o.Units, o.OutputWidth], scales, StoredTransposed: true) { Role = ParameterRole.UnitDecoder },
            new("b_dec_out", [o.OutputWidth], new Initial.Zeros()),
        ];
        IEnumerable<ParameterSpec> specs = HiddenBranch.Specs(o, glu).Concat(own);
        if (skip) specs = specs.Append(SkipConnection.Spec(o));
        return specs.Concat(o.Sparsity!.Specs(o.Units));
    }

    private static SparseLayer Create(LayerOptions options, IReadOnlyList<Parameter> parameters)
    {
        var set = new ParameterSet(parameters);
        return new SparseLayer(
            options,
            parameters,
            new UnitEncoder(set["gate"], set["gate_bias"], ActivationFunction.Parse("relu"), glu: null, inputBias: null),
            new MixtureDecoder(HiddenBranch.Create(options, set), set["W_cond"], set["b_dec_out"]));
    }
}
