namespace Mxd.Layers;

/// <summary>
/// Types whose units each add a vector of their own to the output. With x [B,I] and L latents:
/// <code>
/// transcoder   a = TopK_K(act(x W_encᵀ + b_enc))             [B,L]   W_enc [L,I]
///              y = a W_dec + b                               [B,O]   W_dec [L,O]
///       glu    a = TopK_K(act(x W_encᵀ + b_enc) * (x W_gluᵀ + b_glu))
///       skip   y = ... + x W_skipᵀ
/// sae          a = TopK_K(act((x - b_dec) W_encᵀ + b_enc)),   y = a W_dec + b_dec,   trained to return its input
/// </code>
/// TopK chooses among the activated values.
/// </summary>
public static class Dictionaries
{
    public static LayerType Transcoder { get; } = Create("transcoder", "Transcoder", glu: false, skip: false);

    public static LayerType GluTranscoder { get; } = Create("glu-transcoder", "GLU transcoder", glu: true, skip: false);

    /// <summary>Its decoder's norms are free by default, as in the published runs.</summary>
    public static LayerType SkipTranscoder { get; } =
        Create("skip-transcoder", "Skip transcoder", glu: false, skip: true) with { UnitNormByDefault = false };

    public static LayerType GluSkipTranscoder { get; } =
        Create("glu-skip-transcoder", "GLU skip transcoder", glu: true, skip: true) with { UnitNormByDefault = false };

    public static LayerType Sae { get; } = Create("sae", "SAE", glu: false, skip: false) with
    {
        IsAutoencoder = true,
        Specs = options => [.. Specs(options, "b_dec", glu: false, skip: false)],
    };

    private static LayerType Create(string name, string title, bool glu, bool skip) => new()
    {
        Name = name,
        Title = title,
        GatesUnits = glu,
        HasPenalties = true,
        DefaultActivation = "relu",
        Specs = options => [.. Specs(options, "b_dec_out", glu, skip)],
        Create = Create,
    };

    private static IEnumerable<ParameterSpec> Specs(LayerOptions o, string outputBias, bool glu, bool skip)
    {
        Initial encoder = o.Initialisation == LayerInitialisation.Kaiming ? new Initial.Kaiming(o.InputWidth) : new Initial.Linear(o.InputWidth);
        IEnumerable<ParameterSpec> specs =
        [
            new("W_enc", [o.Units, o.InputWidth], encoder, StoredTransposed: true) { Role = ParameterRole.UnitEncoder },
            new("b_enc", [o.Units], new Initial.Zeros()),
            new("W_dec", [o.Units, o.OutputWidth], Decoder(o, skip)) { Role = ParameterRole.UnitDecoder },
            new(outputBias, [o.OutputWidth], new Initial.Zeros()),
        ];
        if (glu) specs = specs.Concat(GluBranch.Specs(o.Units, o, ParameterRole.UnitEncoder));
        if (skip) specs = specs.Append(SkipConnection.Spec(o));
        return specs.Concat(o.Sparsity!.Specs(o.Units));
    }

    /// <summary>With a skip connection the reference begins at zero; vectors of zero have no direction, so not where norms are kept at one.</summary>
    private static Initial Decoder(LayerOptions o, bool skip)
    {
        if (o.Initialisation == LayerInitialisation.Transpose)
        {
            var copy = new Initial.CopyOf("W_enc", new Initial.Linear(o.InputWidth));
            return o.UnitNorm ? new Initial.Normalised(copy) : copy;
        }
        if (skip && !o.UnitNorm) return new Initial.Zeros();
        if (o.Initialisation == LayerInitialisation.Kaiming)
        {
            var kaiming = new Initial.Kaiming(o.Units);
            return o.UnitNorm ? new Initial.Normalised(kaiming) : kaiming;
        }
        return o.UnitNorm ? new Initial.UnitRows() : new Initial.Linear(o.Units);
    }

    private static SparseLayer Create(LayerOptions options, IReadOnlyList<Parameter> parameters)
    {
        var set = new ParameterSet(parameters);
        Parameter? inputBias = options.SubtractsInputBias ? set.Find("b_dec") : null;
        return new SparseLayer(
            options,
            parameters,
            new UnitEncoder(set["W_enc"], set["b_enc"], ActivationFunction.Parse(options.Activation!), set.Glu(), inputBias),
            new DictionaryDecoder(set["W_dec"], set.Find("b_dec") ?? set["b_dec_out"]));
    }
}
