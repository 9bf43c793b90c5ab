using Mxd.LanguageModels;
using Mxd.LanguageModels.Generation;
using Mxd.Runtime;
using static TorchSharp.torch;

namespace Mxd.Benchmarks;

/// <summary>Greedy generation: how fast a person sees text come.</summary>
internal static class GenerateCase
{
    private const string Prompt = "The quickest way to learn what a layer of a language model does is to";
    private const int Tokens = 128, Repetitions = 3;

    /// <summary>Tokens a second after the prompt, of all samples together.</summary>
    public static Measurement Measure(string path, string variant)
    {
        string[] parts = variant.Split(' ');
        using ModelFile file = ModelFile.Open(path);
        using LanguageModel model = file.Load(Dtypes.Parse(parts[0]), CPU);
        int samples = int.Parse(parts[1]);
        int[] prompt = [file.Tokenizer.FirstToken, .. file.Tokenizer.Encode(Prompt)];
        var generator = new TextGenerator(model, file.Tokenizer);
        var options = new GenerationOptions { MaximumTokens = Tokens, Samples = samples, Sampling = new SamplingOptions { Temperature = samples == 1 ? 0 : 1 } };
        Generated last = generator.Generate(prompt, options);
        double[] speeds = [.. Enumerable.Range(0, Repetitions).Select(_ => (last = generator.Generate(prompt, options)).TokensPerSecond).Order()];
        double speed = speeds[Repetitions / 2];
        return new Measurement(speed, 2e-9 * file.Config.ParameterCount * speed, ProcessMemory.Peak);
    }
}
