using Mxd.Activations;
using Mxd.LanguageModels;

namespace Mxd.Tests.Activations;

/// <summary>The sizes of a run through an <see cref="ActivationBuffer"/> over a <see cref="CountingModel"/>.</summary>
internal sealed record BufferRun(int ContextLength, int TextContexts, int Capacity, int HarvestBatch, long TotalContexts, int Batch, long Seed = 1)
{
    public static HookPoint Input { get; } = HookPoint.MlpInput(1);

    public static HookPoint Output { get; } = HookPoint.MlpOutput(1);

    /// <summary>Batches in the whole run.</summary>
    public long Steps => TotalContexts * ContextLength / Batch;

    /// <summary>Sizes that rules of the options allow.</summary>
    public static BufferRun Draw(Random random)
    {
        int context = random.Next(2, 12), capacity = random.Next(2, 14);
        return new BufferRun(
            context, random.Next(1, 30), capacity, random.Next(1, 6), random.Next(2, 40), random.Next(1, capacity * context / 2 + 1), random.Next());
    }

    /// <param name="ahead">Harvest beside serving?</param>
    /// <param name="failing">Told of each call of the language model, on its thread; may throw.</param>
    public ActivationBuffer Start(bool ahead = false, Action? failing = null)
    {
        var model = new CountingModel(ContextLength);
        if (failing is not null) model.Hooks.Add(new HookPoint(0, HookSite.ResidualBefore), value =>
        {
            failing();
            return value;
        });
        var harvester = new Harvester(model, Input, Output);
        var source = new ActivationSource(harvester, model.Contexts(TextContexts), new ContextOrder(TextContexts, Seed));
        return new ActivationBuffer(source, Capacity, HarvestBatch, TotalContexts, Seed, ahead);
    }

    /// <summary>Batches from where the buffer stands to the end of the run (or <paramref name="count"/> of them), as row-major values.</summary>
    public List<float[]> Serve(ActivationBuffer buffer, long count)
    {
        List<float[]> batches = [];
        for (long i = 0; i < count; i++)
            batches.Add(Next(buffer, Batch));
        return batches;
    }

    /// <summary>The inputs of one batch as row-major values, their outputs checked.</summary>
    public static float[] Next(ActivationBuffer buffer, long batch, CancellationToken cancellation = default)
    {
        using ActivationRows rows = buffer.Next(batch, cancellation);
        Assert.Equal([batch, 4], rows[Input].shape);
        float[] inputs = rows[Input].data<float>().ToArray(), outputs = rows[Output].data<float>().ToArray();
        Assert.Equal(inputs.Select(v => v + CountingModel.OutputMinusInput), outputs);
        return inputs;
    }

    /// <summary>How often each (context, position) stands in the batches.</summary>
    public static Dictionary<(int Context, int Position), int> Tally(IEnumerable<float[]> batches) =>
        batches.SelectMany(b => b.Chunk(4)).CountBy(row => ((int)row[0], (int)row[1])).ToDictionary();

    /// <summary>How often each (context, position) stands in the run's contexts.</summary>
    public Dictionary<(int Context, int Position), int> Expected()
    {
        var order = new ContextOrder(TextContexts, Seed);
        return Enumerable.Range(0, (int)TotalContexts)
            .SelectMany(ordinal => Enumerable.Range(0, ContextLength).Select(position => ((int)order[ordinal], position)))
            .CountBy(key => key).ToDictionary();
    }
}
