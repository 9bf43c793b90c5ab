using Mxd.Layers;

namespace Mxd.Interchange;

/// <summary>Names that SAELens's configurations use.</summary>
internal static class SaeLensNames
{
    public static IReadOnlyList<(string Name, InputNormalisation Kind)> Normalisations { get; } =
    [
        ("none", InputNormalisation.None),
        ("layer_norm", InputNormalisation.LayerNorm),
        ("constant_norm_rescale", InputNormalisation.ConstantNormRescale),
    ];

    /// <summary>
    /// Fields at the top level that are read here, or that say how a layer was trained and not what it computes: of version 6, and of those
    /// before it.
    /// </summary>
    public static IReadOnlySet<string> Known { get; } = new HashSet<string>(StringComparer.Ordinal)
    {
        "architecture", "d_in", "d_sae", "d_out", "dtype", "device", "apply_b_dec_to_input", "normalize_activations", "reshape_activations",
        "k", "rescale_acts_by_decoder_norm", "metadata", "activation_fn", "activation_fn_str", "activation_fn_kwargs",
        "model_name", "model_class_name", "model_from_pretrained_kwargs", "hook_name", "hook_point", "hook_name_out", "hook_layer", "hook_layer_out",
        "hook_point_layer", "prepend_bos", "context_size", "seqpos", "seqpos_slice", "dataset_path", "dataset_trust_remote_code", "is_dataset_tokenized",
        "streaming", "sae_lens_version", "sae_lens_training_version", "neuronpedia_id", "exclude_special_tokens", "from_pretrained_path", "seed", "lr",
        "l1_coefficient", "lp_norm", "l0_lambda", "l0_coefficient", "normalize_sae_decoder", "scale_sparsity_penalty_by_decoder_norm",
        "decoder_heuristic_init", "decoder_init_norm", "init_encoder_as_decoder_transpose", "decoder_orthogonal_init", "use_ghost_grads",
        "mse_loss_normalization", "noise_scale", "b_dec_init_method", "l1_warm_up_steps", "use_sparse_activations", "aux_loss_coefficient",
        "autocast", "autocast_lm", "compile_llm", "compile_sae", "log_to_wandb", "use_cached_activations", "verbose",
    };
}
