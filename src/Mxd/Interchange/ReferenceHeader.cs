using System.Buffers;
using System.Text;
using System.Text.Json;
using Mxd.Formats.Pickle;
using Mxd.Layers;
using Mxd.Runtime;

namespace Mxd.Interchange;

/// <summary>
/// The configuration of a checkpoint of the published implementation, with a bias that its layer does not use: what is kept of a file beside
/// the layer.
/// </summary>
/// <param name="location">The file, for errors.</param>
/// <param name="fields">In the order of the file.</param>
/// <param name="unusedBias">Of <see cref="ReferenceTensors.ReadUnusedBias"/>.</param>
internal sealed class ReferenceHeader(string location, PickleDict fields, float[]? unusedBias)
{
    /// <summary>The class whose instance the configuration is.</summary>
    public const string Module = "sae_training.config", Class = "LanguageModelSAERunnerConfig";

    /// <summary>Values and characters of a configuration; the real ones have some hundreds.</summary>
    private const int Longest = 1 << 20;

    private const string Fields = "fields";

    /// <summary>Flags that change how a layer is trained, or its loss, and not what it computes.</summary>
    private static readonly string[] ofTraining = ["topk_aux_loss", "is_sparse_connection", "use_ghost_grads"];

    /// <summary>
    /// What the flags are that came with mixtures, in files of the code that the published one grew out of: the checkpoints of its transcoders (Dunefsky
    /// et al., 2024) and SAEs have none of them.
    /// </summary>
    private static readonly Dictionary<string, string> beforeMixtures = new()
    {
        ["use_conditional"] = "False",
        ["use_glu"] = "False",
        ["use_skip"] = "False",
        ["is_transcoder"] = "False",
        ["norm_dec"] = "True",
        ["topk"] = "-1",
        ["mlp_activation_fn"] = "relu",
    };

    public float[]? UnusedBias => unusedBias;

    /// <summary>
    /// Is it a transcoder of the code before mixtures, which takes b_dec from the input as an SAE does? Its layer here has that folded into the
    /// encoder's bias: (x - b_dec) W_enc + b_enc = x W_enc + (b_enc - b_dec W_enc).
    /// </summary>
    public bool SubtractsInputBias => IsBeforeMixtures && Flag("is_transcoder");

    private bool IsBeforeMixtures => !fields.TryGet("use_conditional", out _);

    /// <summary>The instance to be written.</summary>
    public PickleRecord Instance => new(new PickleGlobal(Module, Class)) { Fields = fields };

    /// <exception cref="MxdInputException">It has no fields, or absurdly many.</exception>
    public static ReferenceHeader FromFile(PickleNode config, string location)
    {
        PickleDict all = (config.Value as PickleRecord)?.Fields ?? config.Value as PickleDict
            ?? throw new MxdInputException($"{location}: its cfg is {config.Value.Kind}, where an instance of {Class} is expected: it is another program's file.");
        var kept = new PickleDict();
        long length = 0;
        foreach ((PickleValue key, PickleValue value) in all)
        {
            // A pickle may name one long value a million times, so lengths are summed before anything is walked.
            length += Length(key) + Length(value);
            if (length > Longest) throw new MxdInputException($"{location}: its cfg has more than {Longest} values and characters, which no layer's configuration has.");
            if (key is PickleText && PickleJson.Takes(value)) kept.Add(key, value);
        }
        return new ReferenceHeader(location, kept, null);
    }

    public ReferenceHeader With(float[]? bias) => new(location, fields, bias);

    /// <summary>The layer that the flags name.</summary>
    /// <exception cref="MxdInputException">A flag is missing, or asks for something that no layer here has.</exception>
    public LayerOptions ToOptions()
    {
        Dictionary<string, string> values = fields.Where(entry => !ofTraining.Contains(entry.Key.ToString()))
            .ToDictionary(entry => entry.Key.ToString(), entry => Word(entry.Value), StringComparer.Ordinal);
        if (IsBeforeMixtures)
            foreach ((string flag, string value) in beforeMixtures) values.TryAdd(flag, value);
        // The published class takes an autoencoder's output to be as wide as its input, whatever d_out says, and d_out may be absent.
        bool hasOwnWidth = values.GetValueOrDefault("is_transcoder") != "False" && values.GetValueOrDefault("d_out") is not (null or "None");
        if (!hasOwnWidth && values.TryGetValue("d_in", out string? width)) values["d_out"] = width;
        try
        {
            LayerOptions options = new ReferenceConfig(values).ToOptions();
            string[] problems = [.. options.Problems()];
            return problems.Length == 0 ? options : throw new MxdInputException(string.Join(" ", problems));
        }
        catch (MxdInputException e)
        {
            throw new MxdInputException($"{location}: {e.Message}", e);
        }
    }

    public ReferenceFacts ToFacts()
    {
        string? input = Text("hook_point");
        return new ReferenceFacts
        {
            ModelName = Text("model_name"),
            Input = input,
            Output = Flag("is_transcoder") ? Text("out_hook_point") : input,
            ContextLength = fields.TryGet("context_size", out PickleValue? size) && size is PickleInt { Value: > 0 and <= int.MaxValue } length ? (int)length.Value : null,
            Config = ToJson(),
        };
    }

    /// <exception cref="MxdInputException">The text is not one of <see cref="ReferenceFacts.Config"/>.</exception>
    public static ReferenceHeader Parse(string text, string location)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text, new JsonDocumentOptions { AllowDuplicateProperties = false });
            var fields = new PickleDict();
            foreach (JsonProperty field in document.RootElement.GetProperty(Fields).EnumerateObject()) fields[field.Name] = PickleJson.Read(field.Value);
            float[]? bias = document.RootElement.TryGetProperty(ReferenceTensors.InputBias, out JsonElement values)
                ? [.. values.EnumerateArray().Select(value => value.GetSingle())]
                : null;
            return new ReferenceHeader(location, fields, bias);
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or KeyNotFoundException)
        {
            throw new MxdInputException($"{location} cannot be read: {OneLine.Of(e)}: import the checkpoint again.", e);
        }
    }

    private string ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = Json.Compact.Encoder }))
        {
            json.WriteStartObject();
            json.WriteStartObject(Fields);
            foreach ((PickleValue key, PickleValue value) in fields)
            {
                json.WritePropertyName(key.ToString());
                PickleJson.Write(json, value);
            }
            json.WriteEndObject();
            if (unusedBias is not null)
            {
                json.WriteStartArray(ReferenceTensors.InputBias);
                foreach (float value in unusedBias) json.WriteNumberValue(value);
                json.WriteEndArray();
            }
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static long Length(PickleValue value) => value switch
    {
        PickleText text => 1 + text.Value.Length,
        PickleTuple or PickleList => Contents(value is PickleTuple tuple ? tuple.Items : ((PickleList)value).Items),
        _ => 1,
    };

    /// <summary>A bound is enough once it is passed.</summary>
    private static long Contents(IReadOnlyList<PickleValue> items) =>
        items.Count > Longest ? items.Count : items.Sum(item => item is PickleText text ? 1L + text.Value.Length : 1L);

    /// <summary>A tuple of one is its item: the published default of <c>use_ghost_grads</c> has a comma too many.</summary>
    private static string Word(PickleValue value) => (value is PickleTuple { Items: [var only] } ? only : value).ToString();

    private string? Text(string name) => fields.TryGet(name, out PickleValue? value) ? (value as PickleText)?.Value : null;

    private bool Flag(string name) => fields.TryGet(name, out PickleValue? value) && value is PickleBool { Value: true };
}
