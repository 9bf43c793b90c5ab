using System.Text.Json;
using Mxd.Evaluation;
using Mxd.Interchange;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Metrics;
using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Tests.Evaluation.Frontiers;

/// <summary>A finished and evaluated run, written to disk from numbers instead of trained.</summary>
internal sealed record WrittenRun(string Path)
{
    public string Type { get; init; } = "mxd";

    public int K { get; init; } = 8;

    public long Seed { get; init; }

    public double LearningRate { get; init; } = 1e-3;

    public long Tokens { get; init; } = 1024;

    public int Layer { get; init; } = 1;

    public double Model { get; init; } = 4.0;

    public double Spliced { get; init; } = 4.1;

    public double IncreaseError { get; init; } = 0.01;

    public double Fvu { get; init; } = 0.3;

    public double HeldOutFvu { get; init; } = 0.3;

    public int Contexts { get; init; } = 16;

    public int Context { get; init; } = 32;

    public string ModelDtype { get; init; } = "float32";

    public string Text { get; init; } = "/data/held-out.jsonl";

    public string WeightsHash { get; init; } = "aaaaaaaaaaaaaaaaaaaa";

    public string TextHash { get; init; } = "dddddddddddddddddddd";

    /// <summary>What the layer that was evaluated had been trained on; null for the run's own tokens.</summary>
    public long? EvaluatedTokens { get; init; }

    /// <summary>Tokens that the run is to come to, by run.json; null for those it was trained on.</summary>
    public long? AskedTokens { get; init; }

    public string? ValidationHash { get; init; }

    public bool IsFinished { get; init; } = true;

    public bool IsEvaluated { get; init; } = true;

    public LayerOptions Shape => LayerTypes.Get(Type) switch
    {
        { HasUnits: false, HasHidden: true } => new LayerOptions { Type = Type, InputWidth = 8, OutputWidth = 8, Hidden = 16, Activation = "gelu" },
        { HasUnits: false } => new LayerOptions { Type = Type, InputWidth = 8, OutputWidth = 8 },
        { HasHidden: true } => new LayerOptions { Type = Type, InputWidth = 8, OutputWidth = 8, Hidden = 16, Units = 32, Sparsity = new Sparsity.TopK(K), Activation = "gelu" },
        _ => new LayerOptions { Type = Type, InputWidth = 8, OutputWidth = 8, Units = 64, Sparsity = new Sparsity.TopK(K), Activation = "relu" },
    };

    /// <summary>Writes the folder.</summary>
    public WrittenRun Write()
    {
        Directory.CreateDirectory(Path);
        var folder = new RunFolder(Path);
        var options = new TrainOptions { Model = "/models/tiny.gguf", Layer = Layer, Text = ["/data/train.jsonl"], Type = Type, K = K, Seed = Seed, LearningRate = LearningRate, Tokens = AskedTokens ?? Tokens, Context = Context };
        var identity = new ModelIdentity(options.Model, "llama", 4, 8, 16, 100, 128, "tokens", WeightsHash);
        var origin = new LayerOrigin(identity, options.InputHook.ToString(), options.OutputHook.ToString(), Context, "float32", Tokens);
        var description = new RunDescription("0.1.0", options, Shape, origin, new DataDescription("texthash", 100, 16) { Validation = ValidationHash }, new MemoryPlan(1, 1, 1, 1, 1, 1, 1), Machine.Describe());
        File.WriteAllText(folder.DescriptionFile, JsonSerializer.Serialize(description, Json.Indented));
        File.WriteAllLines(folder.MetricsFile, [Line(1, Tokens / 2, HeldOutFvu * 2), Line(2, Tokens, HeldOutFvu)]);
        if (!IsFinished) return this;
        File.WriteAllText(folder.LayerFile, "");
        var result = new TrainResult(Path, Type, 100, Tokens, 1, 1, 1, 1, 1, 1, 1, null, new Reconstruction(HeldOutFvu, 0.01, K, 0.1, 512, 0), "float32");
        File.WriteAllText(folder.ResultFile, JsonSerializer.Serialize(result, Json.Indented));
        if (IsEvaluated) File.WriteAllText(folder.EvaluationFile, Evaluation.ToJson().ToJsonString(Json.Indented));
        return this;
    }

    public EvaluatedRun Evaluation
    {
        get
        {
            const double zero = 4.5, mean = 4.4;
            double recovered = (zero - Spliced) / (zero - Model);
            var errors = new CostStandardErrors(new CrossEntropies(0.1, 0.1, 0.1, 0.1), new CrossEntropyIncreases(IncreaseError, 0.02, 0.02), 0.003, 0.02);
            var cost = new CostOfReplacement(
                new CrossEntropies(Model, Spliced, zero, mean), new CrossEntropyIncreases(Spliced - Model, zero - Model, mean - Model), 0.05, recovered, errors, Fvu, 0.02, LayerTypes.Get(Type).HasUnits ? K - 0.5 : 0, 0.25,
                Contexts * Context, 0, Contexts, 0);
            long parameters = LayerTypes.Get(Type).ParameterCount(Shape);
            return new EvaluatedRun(Path, Type, parameters, Shape.Sparsity?.Title, Shape.Sparsity?.Active, ModelDtype, [Text], TextHash, WeightsHash, EvaluatedTokens ?? Tokens, cost);
        }
    }

    private string Line(long step, long tokens, double fvu) => JsonSerializer.Serialize(
        new MetricsLine(step, tokens, LearningRate, new LossTerms(0.1), K, 0, new Reconstruction(fvu, 0.01, K, 0.1, 512, 0), 1, 1, 1), Json.Compact);
}
