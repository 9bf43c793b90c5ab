using Mxd.Formats;
using Mxd.Formats.Pickle;
using Mxd.Layers;
using Mxd.Runtime;
using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;

namespace Mxd.Interchange;

/// <summary>The state dictionary that the published implementation has for given options, compared with that of a file and written.</summary>
internal sealed class ReferenceTensors
{
    /// <summary>The input's bias: every state dictionary has it, only autoencoders use it.</summary>
    public const string InputBias = "b_dec";

    private const string EncoderBias = "b_enc", Metadata = "_metadata";

    /// <summary>In its order: a module's own parameters, then those of the modules inside it.</summary>
    private static readonly ReferenceTensor[] known =
    [
        new("W_enc", "d_in", "d_sae") { IsTransposedView = true },
        new("b_enc", "d_sae"),
        new("W_dec", "d_sae", "d_out") { IsTransposedView = true },
        new("gate", "n_experts", "d_in"),
        new("gate_bias", "n_experts"),
        new("W_cond", "d_out", "n_experts"),
        new(InputBias, "d_in"),
        new("b_dec_out", "d_out"),
        new("W_glu.weight", "d_sae", "d_in"),
        new("W_glu.bias", "d_sae"),
        new("W_skip.weight", "d_out", "d_in"),
    ];

    private static readonly string[] hooks = ["hook_sae_in", "hook_hidden_pre", "hook_hidden_post", "hook_sae_out"];

    private readonly LayerOptions options;
    private readonly LayerType type;
    private readonly ReferenceTensor[] tensors;

    public ReferenceTensors(LayerOptions options)
    {
        this.options = options;
        type = LayerTypes.Get(options.Type);
        string[] keys = [.. type.Specs(options).Select(spec => spec.Key), InputBias];
        tensors = [.. known.Where(tensor => keys.Contains(tensor.Key))];
    }

    /// <summary>Does the layer use <see cref="InputBias"/>?</summary>
    public bool UsesInputBias => type.IsAutoencoder;

    /// <summary>The layer, its weights as float32 in this project's orientation.</summary>
    /// <exception cref="MxdInputException">The tensors are not those that the options promise.</exception>
    public ILayer Read(PickleNode state, string file, Device device)
    {
        using DisposeScope scope = NewDisposeScope();
        Check(state, file);
        return type.FromStored(options, key => ReadOne(state, key, file), device);
    }

    /// <summary>The values of a bias that the layer does not use; null where they are zero or are used.</summary>
    public float[]? ReadUnusedBias(PickleNode state, string file)
    {
        if (UsesInputBias) return null;
        using DisposeScope scope = NewDisposeScope();
        float[] values = ReadOne(state, InputBias, file).data<float>().ToArray();
        return values.All(value => BitConverter.SingleToInt32Bits(value) == 0) ? null : values;
    }

    /// <summary>The state dictionary to be written; its tensors live as long as the caller's dispose scope.</summary>
    /// <param name="layer">The weights.</param>
    /// <param name="unusedBias">Of <see cref="ReadUnusedBias"/>; null for zeros.</param>
    /// <param name="isSubtracted">Does whoever reads the file take that bias from the input? Then the encoder's gets back what it was given of it.</param>
    public PickleOrderedDict Write(ILayer layer, float[]? unusedBias, bool isSubtracted = false)
    {
        var state = new PickleOrderedDict();
        foreach (ReferenceTensor described in tensors)
        {
            Tensor value = described.Key == InputBias && !UsesInputBias
                ? unusedBias is null ? zeros(options.InputWidth) : tensor(unusedBias)
                : layer.Parameter(described.Key).AsStored().detach();
            if (described.Key == EncoderBias && isSubtracted && unusedBias is not null) value = value.add(Encoded(layer, unusedBias), One);
            state[described.Key] = described.IsTransposedView ? PickleTensor.OfTransposed(value) : PickleTensor.Of(value);
        }
        string[] modules = [.. tensors.Where(t => t.Key.Contains('.', StringComparison.Ordinal)).Select(t => t.Key.Split('.')[0]).Distinct()];
        var versions = new PickleOrderedDict();
        foreach (string module in (string[])["", .. modules, .. hooks]) versions[module] = new PickleDict { ["version"] = 1 };
        state.Attributes = new PickleDict { [Metadata] = versions };
        return state;
    }

    /// <summary>b_enc -= b W_enc: the layer then does by itself what taking b from its input did.</summary>
    public static void SubtractFromEncoder(ILayer layer, float[] bias)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        layer.Parameter(EncoderBias).Value.sub_(Encoded(layer, bias));
    }

    /// <summary>b W_enc, [units].</summary>
    private static Tensor Encoded(ILayer layer, float[] bias) => matmul(layer.Parameter("W_enc").Value, tensor(bias, device: layer.Device()));

    private void Check(PickleNode state, string file)
    {
        string kind = $"its cfg makes it a layer of type '{type.Name}'";
        foreach (ReferenceTensor tensor in tensors)
        {
            if (!state.TryGet(tensor.Key, out PickleNode? node))
                throw new MxdInputException($"{file} has no tensor '{tensor.Key}' in its state_dict, but {kind}, which has one: the two are not of one layer.");
            CheckShape(tensor, node.ToTensor(), file);
        }
        if (state.Names.FirstOrDefault(name => tensors.All(t => t.Key != name)) is { } surplus)
            throw new MxdInputException($"{file} has {Shown.Name(surplus)} in its state_dict, but {kind}, which has no such tensor: the two are not of one layer.");
    }

    private void CheckShape(ReferenceTensor expected, PickleTensor found, string file)
    {
        string shape = $"{expected.Key} is [{string.Join(", ", found.Shape)}] in its state_dict";
        if (found.Shape.Count != expected.Sizes.Length)
            throw new MxdInputException($"{file}: {shape}, but its cfg gives it the sizes [{string.Join(", ", expected.Sizes.Select(field => $"{field} = {Size(field)}"))}].");
        for (int i = 0; i < expected.Sizes.Length; i++)
            if (found.Shape[i] != Size(expected.Sizes[i]))
                throw new MxdInputException($"{file}: its cfg says {expected.Sizes[i]} is {Size(expected.Sizes[i])}, but {shape}: the two are not of one layer.");
        if (found.Dtype is not (ScalarType.Float32 or ScalarType.Float16 or ScalarType.BFloat16))
            throw new MxdInputException($"{file}: {expected.Key} is of type {found.Dtype} in its state_dict, which float32 does not hold without loss: save the layer in float32, as the published code does.");
    }

    private long Size(string field) => field switch
    {
        "d_in" => options.InputWidth,
        "d_out" => options.OutputWidth,
        "n_experts" => options.Units,
        _ => options.Hidden ?? options.Units,
    };

    private static Tensor ReadOne(PickleNode state, string key, string file)
    {
        Tensor value = state[key].ToTensor().Read().to(ScalarType.Float32);
        long bad = value.isfinite().logical_not().sum().ToInt64();
        return bad == 0 ? value : throw new MxdInputException($"{file}: {key} has {bad} values that are NaN or infinite as float32: no output of such a layer means anything.");
    }
}
