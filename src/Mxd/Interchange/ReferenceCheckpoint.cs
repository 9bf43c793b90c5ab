using Mxd.Formats.Pickle;
using Mxd.Layers;
using Mxd.Runtime;
using static TorchSharp.torch;

namespace Mxd.Interchange;

/// <summary>
/// A layer in a <c>.pt</c> file of the published Python implementation: a pickled <c>{cfg, state_dict}</c>, read without executing anything.
/// The file's own configuration says what the layer is; its name says nothing. Disposing this disposes the layer.
/// </summary>
/// <param name="Layer">With its weights as float32.</param>
/// <param name="Facts">Everything else that the file says.</param>
public sealed record ReferenceCheckpoint(ILayer Layer, ReferenceFacts Facts) : IDisposable
{
    public const string Extension = ".pt";

    /// <summary>Types that the published implementation has.</summary>
    internal static IReadOnlyList<string> Types { get; } =
    [
        "mxd", "glu-mxd", "skip-mxd", "glu-skip-mxd", "transcoder", "glu-transcoder", "skip-transcoder", "glu-skip-transcoder", "sae",
    ];

    /// <summary>How a zip archive begins, which such a file is.</summary>
    private static ReadOnlySpan<byte> ZipMagic => "PK\u0003\u0004"u8;

    public void Dispose() => Layer.Dispose();

    /// <summary>Is there a file of this kind, by its name or its first bytes? Nothing is thrown.</summary>
    public static bool Recognises(string path)
    {
        if (!File.Exists(path)) return false;
        if (path.EndsWith(Extension, StringComparison.Ordinal)) return true;
        try
        {
            using FileStream file = File.OpenRead(path);
            Span<byte> first = stackalloc byte[ZipMagic.Length];
            return file.ReadAtLeast(first, first.Length, throwOnEndOfStream: false) == first.Length && first.SequenceEqual(ZipMagic);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Reads a layer and what the file says of it.</summary>
    /// <exception cref="MxdInputException">
    /// The file is damaged, would run code, is no layer, contradicts itself, or asks for a formula that no layer here has.
    /// </exception>
    public static ReferenceCheckpoint Read(string path, Device device)
    {
        using TorchFile file = TorchFile.Open(path);
        if (file.Root.Value is PickleTensor or PickleParameter)
            throw new MxdInputException(
                $"{path} holds one tensor [{string.Join(", ", file.Root.ToTensor().Shape)}] and no configuration: it is a list of log10 firing frequencies, not a layer; name the checkpoint that it lies beside.");
        PickleNode state = file.Root["state_dict"];
        ReferenceHeader header = ReferenceHeader.FromFile(file.Root["cfg"], path);
        var tensors = new ReferenceTensors(header.ToOptions());
        ILayer layer = tensors.Read(state, path, device);
        try
        {
            float[]? bias = tensors.ReadUnusedBias(state, path);
            if (header.SubtractsInputBias && bias is not null) ReferenceTensors.SubtractFromEncoder(layer, bias);
            return new ReferenceCheckpoint(layer, header.With(bias).ToFacts());
        }
        catch
        {
            layer.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Reads what the published training leaves beside a layer as <c>*_log_feature_sparsity.pt</c>: the log10 of how often each unit fires,
    /// float32 [units].
    /// </summary>
    /// <exception cref="MxdInputException">The file is damaged, or not one of these.</exception>
    public static Tensor ReadLogFrequencies(string path)
    {
        using IDisposable scope = NewDisposeScope();
        using TorchFile file = TorchFile.Open(path);
        if (file.Root.Value is not (PickleTensor or PickleParameter))
            throw new MxdInputException($"{path} holds {file.Root.Value.Kind}, where one tensor of firing frequencies is expected: name the file that ends with '_log_feature_sparsity{Extension}'.");
        PickleTensor tensor = file.Root.ToTensor();
        if (tensor.Shape.Count != 1)
            throw new MxdInputException($"{path} holds a tensor [{string.Join(", ", tensor.Shape)}]; firing frequencies are one number a unit.");
        return tensor.Read().to(ScalarType.Float32).MoveToOuterDisposeScope();
    }

    /// <summary>Why the published implementation has no such layer, as a clause; null where it has.</summary>
    public static string? WhyNotWritable(LayerOptions layer)
    {
        if (!Types.Contains(layer.Type)) return $"the published code has the types {string.Join(", ", Types)} alone";
        if (layer.Sparsity is not (Sparsity.TopK or Sparsity.L1)) return $"the published code chooses units by TopK or keeps all, and has no such choice ({layer.Sparsity?.Title})";
        if (ReferenceConfig.NameOf(layer.Activation!) is null) return $"the published code has no activation {layer.Activation}, only {string.Join(", ", ReferenceConfig.ActivationNames)}";
        if (!layer.SubtractsInputBias) return "the published code's SAEs take their bias from the input";
        if (layer.RescaleByDecoderNorm || layer.Normalisation != InputNormalisation.None) return "the published code neither normalises inputs nor rescales by decoder norms";
        return HasPart(layer, "skip") && layer.InputWidth != layer.OutputWidth
            ? $"the published code's skip connection is square, and this one has [{layer.OutputWidth}, {layer.InputWidth}]"
            : null;
    }

    /// <summary>
    /// Writes a file that the published implementation loads. A layer that came from such a file gets its configuration and unused bias back.
    /// </summary>
    /// <exception cref="MxdInputException">It has no such layer (see <see cref="WhyNotWritable"/>), or what was kept of the file is damaged.</exception>
    public static void Write(string path, ILayer layer, ReferenceFacts facts)
    {
        LayerOptions options = layer.Options;
        if (WhyNotWritable(options) is { } why) throw new MxdInputException($"A layer of type '{options.Type}' cannot be written as {path}: {why}.");
        ReferenceHeader? own = facts.Config is null ? null : ReferenceHeader.Parse(facts.Config, $"The configuration kept for {path}");
        if (own is not null && own.ToOptions() != options) own = null;
        if (own?.UnusedBias is { } bias && bias.Length != options.InputWidth)
            throw new MxdInputException($"The configuration kept for {path} has {bias.Length} values of {ReferenceTensors.InputBias}, but the layer reads {options.InputWidth}: import the checkpoint again.");
        ReferenceHeader header = own ?? new ReferenceHeader(path, ReferenceDefaults.Fields(options, facts), null);

        using IDisposable noGrad = no_grad();
        using IDisposable scope = NewDisposeScope();
        TorchFileWriter.Write(path, new PickleDict
        {
            ["cfg"] = header.Instance,
            ["state_dict"] = new ReferenceTensors(options).Write(layer, header.UnusedBias, header.SubtractsInputBias),
        });
    }

    /// <summary>Is it a word of the type's name, such as <c>glu</c> of <c>glu-mxd</c>?</summary>
    internal static bool HasPart(LayerOptions layer, string word) => layer.Type.Split('-').Contains(word);
}
