using Mxd.Activations;
using Mxd.LanguageModels;
using Mxd.Runtime;
using static TorchSharp.torch;

namespace Mxd.Benchmarks;

/// <summary>The language model up to one layer, on contexts of 128 tokens, 16 at a time.</summary>
internal static class HarvestCase
{
    private const int Contexts = 16, ContextLength = 128, Repetitions = 9;

    public static Measurement Measure(string path, int layer, string dtype)
    {
        using ModelFile file = ModelFile.Open(path);
        using LanguageModel model = file.Load(Dtypes.Parse(dtype), CPU);
        var harvester = new Harvester(model, HookPoint.MlpInput(layer), HookPoint.MlpOutput(layer));
        using Generator generator = Seeds.Generator(0, "benchmark tokens");
        using Tensor tokens = randint(0, model.Identity.Vocabulary, [Contexts, ContextLength], dtype: ScalarType.Int64, generator: generator);
        long embedding = (long)model.Identity.Vocabulary * model.Identity.Width;
        double perToken = 2.0 * (file.Config.ParameterCount - embedding) * (layer + 1) / model.Identity.Layers;
        long count = Contexts * ContextLength;
        return Measurement.Of(count, perToken * count, Repetitions, () => harvester.Harvest(tokens).Dispose());
    }
}
