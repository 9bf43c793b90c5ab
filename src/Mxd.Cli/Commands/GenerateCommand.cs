using System.CommandLine;
using System.Text.Json.Nodes;
using Mxd.Cli.CommandLine;
using Mxd.Evaluation;
using Mxd.LanguageModels;
using Mxd.LanguageModels.Generation;
using Mxd.Layers;
using Mxd.Runtime;
using Mxd.Training;
using static TorchSharp.torch;

namespace Mxd.Cli.Commands;

/// <summary>Options of <c>mxd generate</c>.</summary>
internal sealed record GenerateOptions
{
    [Option("--model", "The language model: a hub id, a folder or a .gguf file (default: the run's).", IsPath = true, MayBeHubId = true)]
    public string? Model { get; init; }

    [Option("--prompt", "The text to continue; - reads it from standard input, its last line feed included.", ValueName = "text")]
    public string Prompt { get; init; } = "";

    [Option("--run", "A run whose layer is put in place of the model's own.", IsPath = true)]
    public string? Run { get; init; }

    [Option("--steer", "UNIT=COEFFICIENT: added to a unit of the layer at every position, after it has chosen its own; may be given several times.", ValueName = "unit=coefficient")]
    public IReadOnlyList<string> Steer { get; init; } = [];

    [Option("--max-tokens", "Tokens to generate at most.")]
    public int MaxTokens { get; init; } = 64;

    [Option("--samples", "Continuations to draw, side by side.")]
    public int Samples { get; init; } = 1;

    [Option("--greedy", "Take the most likely token always, as --temperature 0 does.")]
    public bool Greedy { get; init; }

    [Option("--temperature", "What logits, less their penalties, are divided by; 0 takes the most likely token.")]
    public double Temperature { get; init; } = 1;

    [Option("--top-k", "Choose among this many most likely tokens (default: all).")]
    public int? TopK { get; init; }

    [Option("--top-p", "Choose among the fewest most likely tokens that have this probability together.")]
    public double TopP { get; init; } = 1;

    [Option("--frequency-penalty", "Taken off a token's logit for each time it is in the text so far, the prompt included.")]
    public double FrequencyPenalty { get; init; }

    [Option("--presence-penalty", "Taken off the logits of tokens that are in the text so far, the prompt included.")]
    public double PresencePenalty { get; init; }

    [Option("--seed", "Seed of what is drawn.")]
    public long Seed { get; init; }

    [Option("--stop", "Texts to stop before; may be several.", ValueName = "text")]
    public IReadOnlyList<string> Stop { get; init; } = [];

    [Option("--no-first-token", "Put no first token (<|endoftext|> or BOS) before the prompt.")]
    public bool NoFirstToken { get; init; }

    [Option("--model-dtype", "Precision of the language model: float32 or bfloat16.")]
    public string ModelDtype { get; init; } = "float32";

    [Option("--device", "Device: cpu, cuda, cuda:N or auto.")]
    public string Device { get; init; } = "auto";

    [Option("--allow-other-weights", "Accept the run's model with other weights, such as another quantisation.")]
    public bool AllowOtherWeights { get; init; }

    public SamplingOptions Sampling => new()
    {
        Temperature = Greedy ? 0 : Temperature,
        TopK = TopK,
        TopP = TopP,
        FrequencyPenalty = FrequencyPenalty,
        PresencePenalty = PresencePenalty,
        Seed = Seed,
    };
}

/// <summary><c>mxd generate</c>: text from a language model, with a layer in place or not, steered or not.</summary>
internal static class GenerateCommand
{
    public static Command Create()
    {
        var command = new DocumentedCommand(
            "generate",
            "Continue a prompt with a language model, with a trained layer in place and its units steered if asked for.",
            "mxd generate --model gpt2 --prompt \"The experts\" --greedy",
            "mxd generate --run runs/mxd --prompt \"Let's talk about \" --steer 7=100 --temperature 1 --top-p 0.1 --samples 3");
        var defaults = new GenerateOptions();
        var set = new OptionSet<GenerateOptions>(command, defaults);
        Option prompt = set.Of(nameof(GenerateOptions.Prompt)).Single(), model = set.Of(nameof(GenerateOptions.Model)).Single();
        command.Require(prompt);
        command.Require(model, set.Of(nameof(GenerateOptions.Run)).Single());
        var json = new Option<bool>("--json") { Description = "Print the result as one JSON document.", Arity = ArgumentArity.Zero };
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            GenerateOptions options = set.Apply(defaults, parsed);
            bool isJson = parsed.GetValue(json);
            // What comes before the text has progress to show; a text that is printed as it comes leaves no room for it.
            using GenerateInput input = ProgressDisplay.Show(observer => Open(options, observer));
            GenerateResult result = isJson
                ? ProgressDisplay.Show(observer => Run(options, input, observer, write: null))
                : Run(options, input, new Quiet(), (_, text) => Console.Out.Write(text));
            if (isJson) Output.Json(result.ToJson());
            else ShowRest(result);
            if (result.IsStopped) throw new OperationCanceledException();
            return 0;
        });
        return command;
    }

    private static GenerateInput Open(GenerateOptions options, IRunObserver observer)
    {
        using var stop = new StopSignal(observer);
        GenerateInput input = GenerateInput.Open(options, observer, stop.Token);
        foreach (string note in input.Notes) observer.Note(note);
        return input;
    }

    private static GenerateResult Run(GenerateOptions options, GenerateInput input, IRunObserver observer, Action<int, string>? write)
    {
        using var stop = new StopSignal(observer);
        return Invocation.Work(() =>
        {
            Device device = Devices.Parse(options.Device);
            using LanguageModel model = input.Model.Load(Dtypes.Parse(options.ModelDtype), device);
            Replacement? replacement = input.Run?.Load(device);
            using ILayer? layer = replacement?.Layer;
            using IDisposable? splice = replacement?.Splice(model, input.Steering);
            var generation = new GenerationOptions
            {
                MaximumTokens = options.MaxTokens,
                Samples = options.Samples,
                Stop = options.Stop,
                EndTokens = input.Model.Tokenizer.EndTokens,
                Sampling = options.Sampling,
            };
            // Several texts cannot be printed at once.
            Generated generated = new TextGenerator(model, input.Model.Tokenizer).Generate(input.Prompt, generation, options.Samples == 1 ? write : null, stop.Token);
            return new GenerateResult(generated, write is not null && options.Samples == 1, stop.Token.IsCancellationRequested);
        });
    }

    private static void ShowRest(GenerateResult result)
    {
        if (result.IsWritten) Console.Out.WriteLine();
        else
            for (int i = 0; i < result.Generated.Samples.Count; i++)
            {
                Output.Line($"Sample {i + 1}:");
                Console.Out.WriteLine(result.Generated.Samples[i].Text);
            }
        Generated generated = result.Generated;
        if (generated.Samples.Any(s => s.End == EndReason.Context)) Console.Error.WriteLine("Note: the model was trained for no more positions.");
        string speed = double.IsFinite(generated.TokensPerSecond) ? $", {generated.TokensPerSecond:n1} tokens/s after the prompt's {generated.PromptSeconds:n2} s" : "";
        if (!Console.IsErrorRedirected) Console.Error.WriteLine($"{generated.Tokens:n0} tokens{speed}");
    }

    private sealed class Quiet : IRunObserver
    {
        public void Begin(string what, long total, string unit)
        {
        }

        public void Advance(long done)
        {
        }

        public void Note(string line) => Console.Error.WriteLine(line);
    }
}

/// <summary>What <c>mxd generate</c> prints.</summary>
/// <param name="Generated">All samples.</param>
/// <param name="IsWritten">Was the one sample written as it came?</param>
/// <param name="IsStopped">Did the user stop it?</param>
internal sealed record GenerateResult(Generated Generated, bool IsWritten, bool IsStopped)
{
    public JsonObject ToJson()
    {
        GeneratedText first = Generated.Samples[0];
        var json = new JsonObject
        {
            ["text"] = first.Text,
            ["ids"] = Ids(first),
            ["end"] = End(first),
            ["tokens_per_second"] = double.IsFinite(Generated.TokensPerSecond) ? Generated.TokensPerSecond : null,
            ["prompt_seconds"] = Generated.PromptSeconds,
        };
        if (Generated.Samples.Count > 1)
            json["samples"] = new JsonArray([.. Generated.Samples.Select(s => (JsonNode)new JsonObject { ["text"] = s.Text, ["ids"] = Ids(s), ["end"] = End(s) })]);
        return json;
    }

    private static JsonArray Ids(GeneratedText text) => new([.. text.Ids.Select(id => (JsonNode)id)]);

    private static string End(GeneratedText text) => text.End switch { EndReason.EndToken => "end_token", EndReason.Stop => "stop", EndReason.Context => "context", EndReason.Interrupted => "interrupted", _ => "length" };
}
