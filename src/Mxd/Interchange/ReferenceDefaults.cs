using System.Globalization;
using Mxd.Formats.Pickle;
using Mxd.Layers;

namespace Mxd.Interchange;

/// <summary>
/// The configuration that a layer trained here gets in a checkpoint of the published implementation: all fields of its class, in its order.
/// What the layer and its origin say is written; the rest, which is about the published training run and has no part in the layer, has the
/// published defaults.
/// </summary>
internal static class ReferenceDefaults
{
    private const int ContextSize = 128, BatchesInBuffer = 20, TrainBatchSize = 4096;
    private const double LearningRate = 3e-4;

    /// <summary>Stands where a name must and none is known.</summary>
    private const string Unknown = "unknown";

    public static PickleDict Fields(LayerOptions layer, ReferenceFacts facts)
    {
        var fields = new PickleDict();
        Origin(fields, layer, facts);
        Layer(fields, layer);
        Run(fields);
        long width = layer.Hidden ?? layer.Units, tokens = facts.TrainedTokens ?? 0;
        fields["d_sae"] = width;
        fields["tokens_per_buffer"] = (long)TrainBatchSize * (facts.ContextLength ?? ContextSize) * BatchesInBuffer;
        fields["run_name"] = $"{width}-L1-{PickleJson.PythonFloat(Coefficient(layer))}-LR-{PickleJson.PythonFloat(LearningRate)}-Tokens-{tokens.ToString("0.000e+00", CultureInfo.InvariantCulture)}";
        return fields;
    }

    private static void Origin(PickleDict fields, LayerOptions layer, ReferenceFacts facts)
    {
        bool isAutoencoder = LayerTypes.Get(layer.Type).IsAutoencoder;
        string model = facts.ModelName ?? Unknown, input = facts.Input ?? Unknown;
        fields["model_name"] = model;
        fields["hook_point"] = input;
        fields["hook_point_layer"] = Block(facts.Input);
        fields["hook_point_head_index"] = PickleNone.Value;
        fields["dataset_path"] = Unknown;
        fields["is_dataset_tokenized"] = false;
        fields["context_size"] = facts.ContextLength ?? ContextSize;
        fields["use_cached_activations"] = false;
        fields["cached_activations_path"] = $"activations/{Unknown}/{model.Replace('/', '_')}/{input}";
        fields["d_in"] = layer.InputWidth;
        fields["n_batches_in_buffer"] = BatchesInBuffer;
        fields["total_training_tokens"] = facts.TrainedTokens ?? 0;
        fields["store_batch_size"] = 1024;
        fields["device"] = new PickleDevice("cpu");
        fields["seed"] = 42;
        fields["dtype"] = new PickleGlobal("torch", "float32");
        fields["is_transcoder"] = !isAutoencoder;
        fields["out_hook_point"] = isAutoencoder ? PickleNone.Value : facts.Output ?? Unknown;
        fields["out_hook_point_layer"] = isAutoencoder ? PickleNone.Value : Block(facts.Output);
        fields["d_out"] = layer.OutputWidth;
        fields["is_sparse_connection"] = false;
        fields["sparse_connection_sae_path"] = PickleNone.Value;
        fields["sparse_connection_l1_coeff"] = PickleNone.Value;
        fields["sparse_connection_use_W_enc"] = true;
        fields["custom_name"] = "";
        fields["b_dec_init_method"] = "zeros";
        fields["expansion_factor"] = Ratio(layer.Hidden ?? layer.Units, layer.InputWidth);
        fields["from_pretrained_path"] = PickleNone.Value;
    }

    private static void Layer(PickleDict fields, LayerOptions layer)
    {
        bool isMixture = layer.Hidden is not null;
        fields["l1_coefficient"] = Coefficient(layer);
        fields["lr"] = LearningRate;
        fields["lr_scheduler_name"] = "constant";
        fields["lr_warm_up_steps"] = 500;
        fields["train_batch_size"] = TrainBatchSize;
        fields["use_ghost_grads"] = new PickleTuple(false);
        fields["feature_sampling_window"] = 2000;
        fields["feature_sampling_method"] = PickleNone.Value;
        fields["resample_batches"] = 32;
        fields["feature_reinit_scale"] = 0.2;
        fields["dead_feature_window"] = 1000;
        fields["dead_feature_estimation_method"] = "no_fire";
        fields["dead_feature_threshold"] = 1e-8;
        fields["use_conditional"] = isMixture;
        fields["use_kaiming_init"] = layer.Initialisation == LayerInitialisation.Kaiming;
        fields["use_transpose_decoder_init"] = layer.Initialisation == LayerInitialisation.Transpose;
        fields["use_glu"] = ReferenceCheckpoint.HasPart(layer, "glu");
        fields["use_skip"] = ReferenceCheckpoint.HasPart(layer, "skip");
        fields["n_experts"] = isMixture ? layer.Units : 0;
        fields["topk"] = layer.Sparsity is Sparsity.TopK top ? top.K : -1;
        fields["mlp_activation_fn"] = ReferenceConfig.NameOf(layer.Activation!)!;
        fields["norm_dec"] = layer.UnitNorm;
        fields["topk_aux_loss"] = false;
    }

    private static void Run(PickleDict fields)
    {
        fields["log_to_wandb"] = false;
        fields["wandb_project"] = "transcoder_mod";
        fields["wandb_entity"] = PickleNone.Value;
        fields["wandb_log_frequency"] = 10;
        fields["n_checkpoints"] = 0;
        fields["checkpoint_path"] = "checkpoints";
        fields["use_tqdm"] = true;
    }

    /// <summary>A whole number where it is one.</summary>
    private static PickleValue Ratio(long width, long to)
    {
        if (width % to == 0) return width / to;
        return (double)width / to;
    }

    private static double Coefficient(LayerOptions layer) => layer.Sparsity is Sparsity.L1 penalty ? penalty.Coefficient : 0;

    /// <summary>L of <c>blocks.L.NAME</c>.</summary>
    private static PickleValue Block(string? hook) =>
        hook?.Split('.') is ["blocks", var number, ..] && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out long block) ? block : PickleNone.Value;
}
