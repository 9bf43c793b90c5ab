using Mxd.LanguageModels;
using Mxd.Training;
using static TorchSharp.torch;

namespace Mxd.Benchmarks;

/// <summary>A short run from its second refill on, with the language model before each refill's steps or beside them.</summary>
internal static class AheadCase
{
    /// <summary>Batches of 4 harvests; the pool holds 8 batches, so that a refill comes every fourth step.</summary>
    private const int Batch = 1024, Context = 128, HarvestBatch = 2, Pool = 64, FirstSteps = 6, Steps = 16;

    public static Measurement Measure(string path, int layer, string text, bool ahead)
    {
        using ModelFile file = ModelFile.Open(path);
        var options = new TrainOptions
        {
            Model = path,
            Layer = layer,
            Text = [text],
            Experts = 8192,
            Hidden = 2304,
            Tokens = (FirstSteps + 2 * Steps) * Batch,
            Batch = Batch,
            Context = Context,
            HarvestBatch = HarvestBatch,
            Buffer = Pool,
            ValidationContexts = 1,
            Device = "cpu",
        };
        TrainingData data = TrainingData.Load(options, file.Tokenizer, null, new NoObserver());
        using TrainingGroup group = TrainingGroup.Begin(file.Load(ScalarType.Float32, CPU), [options], data, new NoObserver(), ahead);
        for (int i = 0; i < FirstSteps; i++) group.Advance();
        return Measurement.Of(Batch * Steps / 2, 0, 1, () =>
        {
            for (int i = 0; i < Steps / 2; i++) group.Advance();
        });
    }
}
