using Mxd.Evaluation;
using Mxd.Exploration.Health;
using Mxd.LanguageModels;
using Mxd.Tests.Activations;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Exploration.Health;

public sealed class UnitTraceTests : IDisposable
{
    private const int Length = 10, Contexts = 30;

    private readonly CountingModel model = new(Length);
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose()
    {
        scope.Dispose();
        model.Dispose();
    }

    /// <summary>Unit 0 is active on every token, with 1, 2, 3, ... 300; unit 1 on three; unit 2 on none; unit 3 on as many as unit 1.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ATrace_IsOfAllTokens(bool isDense)
    {
        using var layer = new PlaceLayer(
            4,
            (context, position, unit) => unit switch { 0 => 1 + context * Length + position, 1 or 3 when context < 3 && position == 4 => 0.5f + context, 2 => -1, _ => 0 },
            isDense);
        var trace = UnitTrace.Measure(model, new Replacement(layer, HookPoint.MlpInput(1), HookPoint.MlpOutput(1)), model.Contexts(Contexts), Contexts);
        Assert.Equal([0, 1, 3], trace.MostActive(4));
        Assert.Equal([0], trace.MostActive(1));
        IReadOnlyList<float[]> own = trace.CoefficientsWithin([0, 2, 1]);
        // First tokens, which have 1, 11, 21 and so on, are left out.
        Assert.Equal(Enumerable.Range(1, Contexts * Length).Where(v => v % Length != 1).Select(v => (float)v), own[0]);
        Assert.Empty(own[1]);
        Assert.Equal([0.5f, 1.5f, 2.5f], own[2]);
        Assert.Equal((Contexts, Contexts * Length), ((int)trace.Usage.Contexts, trace.Tokens));
        Assert.Equal([300, 3, 0, 3], trace.Usage.Counts);
        Assert.Equal(0.5 + 1.5 + 2.5, trace.Usage.Sums[3], 1e-9);
        Assert.Equal([0, 1, 3], trace.On(Length + 4).ToArray().Order());
        Assert.Equal([0], trace.On(Length + 5).ToArray());
    }
}
